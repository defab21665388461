// Puts the page together: dist/app.js and dist/app.css, which become part of the program.
import { build } from 'esbuild';

const folder = process.argv[2] ?? 'dist';
await build({
  entryPoints: { app: 'src/main.ts' },
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'eof',
  logLevel: 'warning',
});
