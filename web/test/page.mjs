// The page in a real browser, beside a real agent that watches real processes:
// page.mjs ADDRESS CHROMIUM GO_PID CPP_PID [SCREENSHOT_FOLDER]
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [address, executablePath, goPid, cppPid, screenshots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const origin = `http://${address}`;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const tests = [];
const test = (name, run) => tests.push([name, run]);

/** A page of its own that asks nobody but the agent, and on which nothing goes wrong. */
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.wrong = [];
  page.on('pageerror', (error) => page.wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.wrong.push(message.text()));
  page.on('request', (request) => request.url().startsWith(`${origin}/`) || page.wrong.push(`asked ${request.url()}`));
  await page.goto(`${origin}/${path}`);
  return page;
}

async function close(page) {
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}

/** Until it is so. Not by what playwright puts into the page for that, which the page's policy forbids. */
async function until(page, condition, argument, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  while (!(await page.evaluate(condition, argument))) {
    assert.ok(Date.now() < end, `not within ${milliseconds} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Without what the policy for scripts of the page would forbid: axe runs beside it. */
async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(', ')}`);
}

const leaks = (page) => page.locator('article.finding', { hasText: 'goroutine leak' });

test('what is wrong now comes first, and leads to the line of code', async () => {
  const page = await open('');
  const finding = leaks(page).filter({ hasText: 'main.leakSend' });
  await finding.waitFor({ timeout: 60_000 });
  if (screenshots) await page.screenshot({ path: `${screenshots}/page.png` });
  await finding.getByRole('link').click();
  await page.waitForURL(new RegExp(`#/target/${goPid}\\?site=[0-9a-f]{12}`));
  const stack = page.locator('td.stack pre');
  await stack.waitFor();
  const text = await stack.textContent();
  assert.match(text, /runtime\.gopark/);
  assert.match(text, /main\.leakSend main\.go:\d+/);
  assert.match(text, /created by main\./);
  await close(page);
});

test('a target is found by its name, and its row opens it', async () => {
  const page = await open('');
  await page.getByLabel('Filter targets').fill('gateway');
  const rows = page.locator('section[aria-label="Targets"] tbody tr');
  await until(page, () => document.querySelectorAll('section[aria-label="Targets"] tbody tr').length === 1);
  assert.match(page.url(), /filter=gateway/);
  await rows.getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: /gateway/ }).waitFor();
  await close(page);
});

test('sites are sorted, filtered and compared, and the address says how', async () => {
  const page = await open(`#/target/${goPid}?kind=goroutine`);
  const rows = page.locator('table.sites tbody tr');
  await rows.first().waitFor();
  await page.getByRole('button', { name: 'oldest' }).click();
  assert.match(page.url(), /sort=oldest/);
  assert.equal(await page.locator('th[aria-sort="descending"]').textContent(), 'oldest');
  await page.getByLabel('Filter sites').fill('leakReceive');
  await until(page, () => document.querySelectorAll('table.sites tbody tr').length === 1);
  // More of them came since an earlier moment: how many; and between two looks, how fast.
  const change = rows.locator('td.n').nth(1);
  await until(page, () => /^\+\d+$/.test(document.querySelectorAll('table.sites tbody td.n')[1]?.textContent ?? ''), undefined, 30_000);
  assert.match(await change.textContent(), /^\+\d+$/);
  await until(page, () => /^[\d.,]+$/.test(document.querySelectorAll('table.sites tbody td.n')[2]?.textContent ?? ''), undefined, 30_000);
  // The past is the agent's: moments from before this page was opened can be compared with.
  const moments = page.getByLabel('compare with').locator('option');
  assert.ok((await moments.count()) >= 3, 'moments');
  assert.match(await moments.first().textContent(), /, the first look$/);
  const since = () => page.locator('table.sites thead th').nth(1).textContent();
  const before = [await since(), Number((await change.textContent()).slice(1))];
  await page.getByLabel('compare with').selectOption({ index: (await moments.count()) - 2 });
  await until(page, (old) => document.querySelectorAll('table.sites thead th')[1]?.textContent !== old, before[0]);
  assert.match(page.url(), /since=\d{13}/);
  assert.ok(Number((await change.textContent()).slice(1)) < before[1], 'less is new since a later moment');
  await page.getByLabel('only what grew').check();
  assert.equal(await rows.count(), 1);
  // Who opens the same address sees the same.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await until(other, () => document.querySelector('[data-filter]')?.value === 'leakReceive');
  await close(page);
});

test('figures over time, stacks of all, memory and other populations are shown', async () => {
  const page = await open(`#/target/${goPid}`);
  await page.locator('.icicle svg').waitFor();
  assert.match(await page.locator('.icicle').getAttribute('aria-label'), /Stacks of [\d,]+ goroutines at \d+ sites/);
  assert.ok((await page.locator('.icicle g.frame').count()) >= 5);
  assert.match(await page.locator('svg.ages').getAttribute('aria-label'), /^[\d,]+ below 1 s, [\d,]+ below 10 s, .* 24 h and more$/);
  const captions = await page.locator('.charts figcaption').allTextContents();
  assert.ok(captions.some((text) => /^goroutines: [\d,]+ now, [\d,]+ at most$/.test(text)), String(captions));
  assert.ok((await page.locator('.charts canvas').count()) >= 3);
  await page.getByRole('heading', { name: /^Memory: .* resident/ }).waitFor();
  await page.locator('nav.tabs').getByRole('button', { name: /^fd/ }).click();
  await until(page, () => /\/dev\/null/.test(document.querySelector('table.sites')?.textContent ?? ''));
  if (screenshots) {
    await page.goto(`${origin}/#/target/${goPid}?sort=members`);
    await until(page, () => document.querySelector('.icicle rect')?.getBoundingClientRect().width > 0.98 * document.querySelector('.icicle').clientWidth);
    // Where the program stands is of this machine.
    await page.evaluate(() => document.querySelector('header p').remove());
    await page.screenshot({ path: `${screenshots}/page-target.png`, fullPage: true });
  }
  await close(page);
});

test('who waits for whom is drawn', async () => {
  const page = await open(`#/target/${cppPid}`);
  const graph = page.locator('svg.waits');
  await graph.waitFor({ timeout: 30_000 });
  assert.match(await graph.getAttribute('aria-label'), /thread \d+ waits for \w+ 0x[0-9a-f]+, held by thread \d+/);
  assert.ok((await graph.locator('line').count()) >= 2);
  await close(page);
});

test('it is worked by the keyboard, and keeps the focus when the agent is asked again', async () => {
  const page = await open(`#/target/${goPid}`);
  await page.locator('table.sites tbody tr').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('leakMutex');
  await until(page, () => document.querySelectorAll('table.sites tbody tr').length === 1);
  await page.locator('table.sites .open').focus();
  await page.keyboard.press('Enter');
  await page.locator('td.stack pre').waitFor();
  const looked = await page.locator('header p').first().textContent();
  await until(page, (before) => document.querySelector('header p')?.textContent !== before, looked);
  assert.match(await page.evaluate(() => document.activeElement.dataset.key), /^site [0-9a-f]{12}$/);
  await close(page);
});

test('the agent tells what it costs and what it leaves out', async () => {
  const page = await open('#/agent');
  await page.getByRole('heading', { name: 'Budgets' }).waitFor();
  assert.ok((await page.locator('meter').count()) >= 2);
  assert.match(await page.locator('dl').textContent(), /threads of targets ever stopped0/);
  assert.ok((await page.locator('tbody tr').count()) >= 4);
  await close(page);
});

for (const [width, height] of [[360, 740], [1280, 900], [3840, 2160]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${width} x ${height}, ${colorScheme}: nothing runs over the edge, axe finds nothing`, async () => {
      for (const [path, ready] of [['', 'article.finding'], [`#/target/${goPid}`, '.icicle svg'], ['#/agent', 'meter']]) {
        const page = await open(path, { viewport: { width, height }, colorScheme });
        await page.locator(ready).first().waitFor({ timeout: 60_000 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${path} is ${over} pixels wider than the window`);
        assert.deepEqual(await violations(page), [], path);
        await close(page);
      }
    });
  }
}

test('without scripts it is a page as well', async () => {
  const page = await open('', { javaScriptEnabled: false });
  assert.match(await page.locator('body').textContent(), /main\.leakSend/);
  await close(page);
});

let failed = 0;
for (const [name, run] of tests) {
  try {
    await run();
    console.log(`ok       ${name}`);
  } catch (error) {
    failed = 1;
    console.log(`FAILED   ${name}: ${error.stack ?? error}`);
  }
}
await browser.close();
process.exit(failed);
