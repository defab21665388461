#!/usr/bin/env python3
"""Makes the dashboards. Without --write it only refuses those that are out of date."""

import json
import pathlib
import sys

from panels import SITE_LINK, TARGET_LINK, RUNBOOK_LINK, dashboard, row, stat, table, timeseries, variable

HERE = pathlib.Path(__file__).resolve().parent
TARGET = 'target="$target", pid=~"$pid"'
LINKS = {"target": TARGET_LINK, "site": SITE_LINK, "kind": RUNBOOK_LINK}


def one(query):
    """@ in a query stands for the process that was chosen."""
    return query.replace("@", TARGET)


def findings(of):
    """Each finding with what is known of its site, where it has one."""
    return (f"proctor_finding{{{of}}}\n  * on (job, instance, target, pid, site) group_left (function, file, line, reason, created_by)\n"
            "max by (job, instance, target, pid, site, function, file, line, reason, created_by) (proctor_site_info)\n"
            f"or on (job, instance, target, pid, kind, site) proctor_finding{{{of}}}")


def with_sites(members):
    return (f"topk(10, {one(members)})\n  * on (job, instance, target, pid, kind, site) group_left (function, file, line, reason)\n"
            "proctor_site_info")


def stayed(population, of):
    return (f"rate(proctor_{population}_arrivals_total{{{of}}}[$__rate_interval])"
            f" - rate(proctor_{population}_departures_total{{{of}}}[$__rate_interval])")


def per_second(metric):
    return one(f"sum(rate({metric}{{@}}[$__rate_interval]))")


TARGETS = variable("target", "Target", "label_values(proctor_target_processes, target)", many=True)
ONE_TARGET = variable("target", "Target", "label_values(proctor_target_processes, target)")
PROCESS = variable("pid", "Process", 'label_values(proctor_target_info{target="$target"}, pid)', many=True)
SITE = variable("site", "Site", f"label_values(proctor_site_info{{{TARGET}}}, site)")


def fleet():
    of = 'target=~"$target"'
    return dashboard("fleet", "What leaks, where, and how long is left, over all targets.", [TARGETS], [
        row("Now"),
        stat("Findings", "That stand, over all targets.", "short", f"count(proctor_finding{{{of}}}) or vector(0)"),
        stat("Processes", "Processes that are watched.", "short", f"sum(proctor_target_processes{{{of}}})"),
        stat("Targets without a process", "Configured, but nothing runs.", "short",
             f"count(proctor_target_processes{{{of}}} == 0) or vector(0)"),
        stat("Parts that cannot be read", "Collectors that gave a reason instead of a snapshot.", "short",
             f"count(proctor_collector_up{{{of}}} == 0) or vector(0)"),
        stat("Age of the oldest look", "A scrape never touches a target: this is how old its figures are.", "s",
             f"max(time() - proctor_target_last_sample_timestamp_seconds{{{of}}})"),
        stat("Budget", "The largest share of a budget that looking takes.", "percentunit", "max(proctor_budget_used_ratio)"),
        table("What leaks, and where", "One row for each finding, with the line of code.", findings(of), links=LINKS),
        row("Populations"),
        timeseries("Members that came and stayed, per second",
                   "Arrivals without departures, by target and kind: a leak is a line that stays above zero.", "short",
                   ("sum by (target, kind) (" + stayed("population", f'{of}, kind!="allocation"') + ")", "{{target}} {{kind}}")),
        timeseries("Goroutines", "", "short", (f"sum by (target) (proctor_goroutines{{{of}}})", "{{target}}")),
        timeseries("Threads", "", "short", (f"sum by (target) (proctor_threads{{{of}}})", "{{target}}")),
        timeseries("Open descriptors", "", "short", (f"sum by (target) (proctor_open_fds{{{of}}})", "{{target}}")),
        timeseries("Starts within the hour", "Of processes of the target, since the agent looks.", "short",
                   (f"sum by (target) (increase(proctor_target_process_starts_total{{{of}}}[1h]))", "{{target}}")),
        row("Resources"),
        timeseries("Resident memory", "", "bytes", (f"sum by (target) (proctor_resident_memory_bytes{{{of}}})", "{{target}}")),
        timeseries("CPU", "Cores in use.", "short",
                   (f"sum by (target) (rate(proctor_cpu_seconds_total{{{of}}}[$__rate_interval]))", "{{target}}")),
        timeseries("Descriptors in use", "Share of the soft limit, of the process that is nearest to it.", "percentunit",
                   (f"max by (target) (sum without (kind) (proctor_open_fds{{{of}}}) / proctor_max_fds{{{of}}})", "{{target}}")),
        timeseries("Time left", "Until a limit is reached, at the pace of the window.", "s",
                   (f"min by (target, resource) (proctor_exhaustion_seconds{{{of}}})", "{{target}} {{resource}}")),
    ], of)


def target():
    sites = "{{function}} {{file}} {{reason}}"
    return dashboard("target", "One service: its populations by line of code, and what it uses.", [ONE_TARGET, PROCESS], [
        row("What it is"),
        table("Build", "", one("proctor_target_info{@}"), height=5),
        table("Findings", "", findings(TARGET), links=LINKS),
        row("Sites"),
        timeseries("Goroutines by site", "The ten largest sites.", "short",
                   (with_sites('proctor_site_members{@, kind="goroutine"}'), "{{function}} {{file}}:{{line}} {{reason}}")),
        timeseries("Threads by site", "The ten largest sites.", "short",
                   (with_sites('proctor_site_members{@, kind="thread"}'), sites)),
        timeseries("Descriptors by site", "The ten largest sites.", "short",
                   (with_sites('proctor_site_members{@, kind="fd"}'), sites)),
        timeseries("Sockets by site", "The ten largest sites.", "short",
                   (with_sites('proctor_site_members{@, kind="socket"}'), sites)),
        timeseries("Members that came and stayed, per second", "By site; only a leak stays above zero.", "short",
                   (one("topk(10, " + stayed("site", '@, kind!="allocation"') + ")"), "{{kind}} {{site}}")),
        timeseries("Oldest member", "How long the oldest member of a site has been in the same wait.", "s",
                   (one("topk(10, proctor_site_oldest_seconds{@})"), "{{kind}} {{site}}")),
        row("Go runtime"),
        timeseries("Goroutines by state", "Their sum is what runtime.NumGoroutine() returns.", "short",
                   (one("sum by (state) (proctor_goroutines{@})"), "{{state}}")),
        timeseries("What goroutines wait for", "", "short", (one("sum by (reason) (proctor_goroutines_waiting{@})"), "{{reason}}")),
        timeseries("Goroutines created per second", "", "short", (per_second("proctor_goroutines_created_total"), "created")),
        timeseries("Collections per second", "And the share of time for which they stopped the program.", "short",
                   (per_second("proctor_go_gc_cycles_total"), "collections"),
                   (per_second("proctor_go_gc_pause_seconds_total"), "share of time stopped")),
        timeseries("What will not go on", "Goroutines that nothing can wake, goroutines past the deadline of their context, and "
                   "threads in a lock cycle.", "short",
                   (one("sum(proctor_contexts_overdue{@})"), "contexts overdue"),
                   (one("sum(proctor_deadlocked_threads{@})"), "deadlocked threads"),
                   (one("sum(proctor_goroutines_unreachable{@})"), "goroutines that never go on")),
        timeseries("Timers and contexts", "", "short",
                   (one('sum by (kind) (proctor_population_members{@, kind=~"timer|context"})'), "{{kind}}")),
        row("Process"),
        timeseries("Threads by state", "", "short", (one("sum by (state) (proctor_threads{@})"), "{{state}}")),
        timeseries("What threads wait for", "", "short", (one("sum by (reason) (proctor_threads_blocked{@})"), "{{reason}}")),
        timeseries("Descriptors", "By kind, and the soft limit.", "short",
                   (one("sum by (kind) (proctor_open_fds{@})"), "{{kind}}"), (one("max(proctor_max_fds{@})"), "limit")),
        timeseries("Sockets by state", "", "short",
                   (one("sum by (protocol, state) (proctor_sockets{@})"), "{{protocol}} {{state}}")),
        timeseries("CPU", "Cores, by mode.", "short",
                   (one("sum by (mode) (rate(proctor_cpu_seconds_total{@}[$__rate_interval]))"), "{{mode}}")),
        timeseries("Context switches per second", "", "short",
                   (one("sum by (kind) (rate(proctor_context_switches_total{@}[$__rate_interval]))"), "{{kind}}")),
        timeseries("Storage", "Bytes per second.", "Bps", (per_second("proctor_read_bytes_total"), "read"),
                   (per_second("proctor_written_bytes_total"), "written")),
        timeseries("Time left", "Until a limit is reached, at the pace of the window.", "s",
                   (one("min by (resource) (proctor_exhaustion_seconds{@})"), "{{resource}}")),
        row("How it is seen"),
        timeseries("Parts read", "1 where the part was read in the last look.", "short",
                   (one("min by (collector) (proctor_collector_up{@})"), "{{collector}}")),
        table("Why a part is missing", "", one("proctor_collector_unavailable{@}"), width=12),
    ], TARGET)


def site():
    of = f'{TARGET}, site="$site"'
    each = "{{pid}} {{kind}}"
    return dashboard("site", "One line of code: who is there, since when, who came and who went.", [ONE_TARGET, PROCESS, SITE], [
        row("Where it is"),
        table("The site", "", f"proctor_site_info{{{of}}}", height=5),
        table("Its findings", "", f"proctor_finding{{{of}}}", height=5, links={"kind": RUNBOOK_LINK}),
        row("Who is there"),
        timeseries("Members", "", "short", (f"proctor_site_members{{{of}}}", each)),
        timeseries("Came and went, per second", "", "short",
                   (f"rate(proctor_site_arrivals_total{{{of}}}[$__rate_interval])", f"{each} came"),
                   (f"rate(proctor_site_departures_total{{{of}}}[$__rate_interval])", f"{each} went")),
        timeseries("Came and stayed", "Arrivals without departures: of a leak it rises and never falls.", "short",
                   (f"proctor_site_arrivals_total{{{of}}} - proctor_site_departures_total{{{of}}}", each)),
        timeseries("Oldest member", "How long it has been in the same wait.", "s", (f"proctor_site_oldest_seconds{{{of}}}", each)),
        timeseries("Memory that they hold", "Stacks of goroutines, mappings, or what was allocated there.", "bytes",
                   (f"proctor_site_held_bytes{{{of}}}", each)),
        timeseries("Share of all of its kind", "", "percentunit",
                   (f"proctor_site_members{{{of}}}\n  / on (job, instance, target, pid, kind) group_left ()\n"
                    f"proctor_population_members{{{TARGET}}}", each)),
    ], TARGET)


def memory():
    return dashboard("memory", "Where the memory of one service is, what grows, and how long is left.", [ONE_TARGET, PROCESS], [
        row("Now"),
        stat("Resident", "", "bytes", one("sum(proctor_resident_memory_bytes{@})")),
        stat("Limit", "The lowest that binds: cgroup or rlimit.", "bytes",
             one("min(proctor_memory_limit_bytes{@})"), absent="none"),
        stat("Time left", "At the pace of the window.", "s", one('min(proctor_exhaustion_seconds{@, resource="memory"})'),
             absent="it does not grow"),
        stat("Peak", "It never falls: no sign of a leak.", "bytes", one("max(proctor_peak_resident_memory_bytes{@})")),
        stat("Swapped out", "", "bytes", one("sum(proctor_swap_bytes{@})")),
        stat("Findings", "", "short", one('count(proctor_finding{@, kind=~"memory_.*|mapping_leak"}) or vector(0)')),
        row("The process"),
        timeseries("By part", "", "bytes", (one("sum(proctor_resident_memory_bytes{@})"), "resident"),
                   (one("sum by (part) (proctor_resident_memory_part_bytes{@})"), "{{part}}"),
                   (one("sum(proctor_swap_bytes{@})"), "swap")),
        timeseries("Shared and address space", "", "bytes",
                   (one("sum(proctor_proportional_memory_bytes{@}) or sum(proctor_resident_memory_bytes{@})"), "its share"),
                   (one("sum(proctor_virtual_memory_bytes{@})"), "address space")),
        timeseries("Page faults per second", "", "short",
                   (one("sum by (kind) (rate(proctor_page_faults_total{@}[$__rate_interval]))"), "{{kind}}")),
        timeseries("Mappings", "", "short", (one('sum(proctor_population_members{@, kind="mapping"})'), "mappings")),
        row("By what takes it"),
        timeseries("By what allocated it", "Live bytes by the stack that allocated them: of a Go process as its runtime samples "
                   "them, of others where memory_growth is on.", "bytes",
                   (with_sites('proctor_site_held_bytes{@, kind="allocation"}'), "{{function}} {{file}}:{{line}}")),
        timeseries("Stack held by goroutines", "By site.", "bytes",
                   (with_sites('proctor_site_held_bytes{@, kind="goroutine"}'), "{{function}} {{file}}:{{line}}")),
        timeseries("Go heap", "What the last collection marked, and what was allocated since; a healthy heap peaks at marked "
                   "times 1 + GOGC/100.", "bytes", (one("sum(proctor_go_heap_live_bytes{@})"), "live"),
                   (one("sum(proctor_go_heap_marked_bytes{@})"), "marked"), (one("sum(proctor_go_stack_bytes{@})"), "stacks")),
        timeseries("What malloc holds", "Memory that glibc's malloc has from the kernel. What is free stays resident: much of it "
                   "for long is fragmentation, no leak.", "bytes", (one("proctor_malloc_bytes{@}"), "{{pid}} {{state}}")),
    ], TARGET)


def agent():
    return dashboard("agent", "Proctor itself: whether it looks, what it costs, what it leaves out.", [], [
        row("Now"),
        stat("Agents", "", "short", "count(proctor_build_info)"),
        stat("Targets", "", "short", "count(proctor_target_last_sample_timestamp_seconds)"),
        stat("Oldest look", "", "s", "max(time() - proctor_target_last_sample_timestamp_seconds)"),
        stat("Parts that cannot be read", "", "short", "count(proctor_collector_up == 0) or vector(0)"),
        stat("Skipped in an hour", "Torn, capped or dropped.", "short", "sum(increase(proctor_skipped_total[1h])) or vector(0)"),
        stat("Threads stopped", "Of targets, ever: there is nothing that does.", "short",
             "sum(proctor_stop_seconds_count) or vector(0)"),
        table("Versions", "", "proctor_build_info", width=12, height=6),
        table("Why parts are missing", "", "proctor_collector_unavailable", width=12, height=6, links={"target": TARGET_LINK}),
        row("What it costs"),
        timeseries("Budgets", "1 is the whole of it.", "percentunit", ("proctor_budget_used_ratio", "{{instance}} {{resource}}")),
        timeseries("CPU", "Cores.", "short", ("rate(process_cpu_seconds_total{job=\"proctor\"}[$__rate_interval])", "{{instance}}")),
        timeseries("Memory", "", "bytes", ("process_resident_memory_bytes{job=\"proctor\"}", "{{instance}}")),
        timeseries("Descriptors", "One is held for each target.", "short", ("process_open_fds{job=\"proctor\"}", "{{instance}}")),
        row("Looks"),
        timeseries("Time of a look", "Mean, by collector.", "s",
                   ("sum by (collector) (rate(proctor_sample_duration_seconds_sum[$__rate_interval]))"
                    " / sum by (collector) (rate(proctor_sample_duration_seconds_count[$__rate_interval]))", "{{collector}}")),
        timeseries("Looks per second", "", "short",
                   ("sum by (collector) (rate(proctor_sample_duration_seconds_count[$__rate_interval]))", "{{collector}}")),
        timeseries("Skipped per second", "", "short",
                   ("sum by (reason) (rate(proctor_skipped_total[$__rate_interval])) or vector(0)", "{{reason}}")),
    ])


def main():
    outdated = []
    for made in (fleet(), target(), site(), memory(), agent()):
        file = HERE / f"{made['uid'].removeprefix('proctor-')}.json"
        content = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        if "--write" in sys.argv:
            file.write_text(content, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != content:
            outdated.append(file.name)
    if outdated:
        print(f"out of date, run dashboards/render.py --write: {', '.join(outdated)}")
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main())
