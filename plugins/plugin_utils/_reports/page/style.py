# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the page looks: on a screen, light and dark, and on paper. Pure: no I/O."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --back: #f5f6f8; --card: #fff; --line: #dfe3e8; --text: #1b2430; --dim: #5c6773;
  --bad: #b3261e; --bad-soft: #fbe9e7; --warn: #8a5300; --warn-soft: #fdf1dc;
  --wait: #1f5fa8; --wait-soft: #e5effa; --good: #1c7544; --good-soft: #e2f3e9;
  --bad-mark: #d1453b; --warn-mark: #d98a16; --wait-mark: #3c82cf; --good-mark: #34a065;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12171d; --card: #1b222b; --line: #323c48; --text: #e7ebf0; --dim: #9ba8b5;
    --bad: #ff9a90; --bad-soft: #44201e; --warn: #f6bf62; --warn-soft: #3c2e14;
    --wait: #92c3fb; --wait-soft: #1b3350; --good: #7fd6a4; --good-soft: #17382a;
    --bad-mark: #e8655b; --warn-mark: #dd9b38; --wait-mark: #5f9fe6; --good-mark: #3fae72;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 48px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; justify-content: space-between; }
h1 { font-size: 24px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 32px 0 10px; }
p { margin: 0; }
.dim, small, header p { color: var(--dim); }
small { font-size: 12.5px; white-space: nowrap; }
.bad { --ink: var(--bad); --soft: var(--bad-soft); --mark: var(--bad-mark); }
.warn { --ink: var(--warn); --soft: var(--warn-soft); --mark: var(--warn-mark); }
.wait { --ink: var(--wait); --soft: var(--wait-soft); --mark: var(--wait-mark); }
.good { --ink: var(--good); --soft: var(--good-soft); --mark: var(--good-mark); }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0 0; padding: 0;
}
.tiles li {
  list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px;
  border-left: 5px solid var(--mark, var(--line));
}
.tiles b { display: block; font-size: 28px; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles .lit b { color: var(--ink); }
.share { display: flex; gap: 2px; height: 10px; margin-top: 12px; border-radius: 5px; overflow: hidden; }
.share i { background: var(--mark); min-width: 4px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.card + .card { margin-top: 12px; }
.calm { padding: 14px 16px; color: var(--good); background: var(--good-soft); border-color: transparent; }
.calm { font-weight: 600; }
.says { padding: 10px 16px; background: var(--soft); color: var(--ink); }
.says b { margin-right: 10px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 860px; table-layout: fixed; }
table.free { table-layout: auto; min-width: 0; }
th, td { text-align: left; vertical-align: baseline; padding: 7px 16px; border-top: 1px solid var(--line); }
thead th { color: var(--dim); font-size: 12.5px; font-weight: 500; border: 0; white-space: nowrap; }
th.account { width: 24%; } th.age { width: 12%; } th.tested { width: 23%; }
tbody th small { font-weight: 400; white-space: normal; }
tbody th { font-weight: 550; overflow-wrap: anywhere; }
td { font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
.pill {
  display: inline-block; background: var(--soft); color: var(--ink); border-radius: 10px; padding: 0 9px;
  font-size: 12.5px; font-weight: 600; white-space: nowrap;
}
.pill + .pill { margin-left: 4px; }
.life { height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; }
.life i { display: block; height: 100%; background: var(--mark); }
summary { cursor: pointer; }
.chart { padding: 14px 16px 6px; overflow-x: auto; }
.chart svg { display: block; width: 100%; min-width: 640px; height: auto; }
.chart text { fill: var(--dim); font-size: 12px; }
.chart .tick { stroke: var(--line); }
.chart .now { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 3 3; }
.chart .now-text { fill: var(--text); font-weight: 600; }
.chart .done { fill: var(--good-mark); }
.chart .next { fill: var(--wait-mark); }
.chart .late { fill: var(--warn-mark); }
.chart .lane { stroke: var(--line); stroke-width: 3; stroke-linecap: round; }
.chart .lived { stroke: var(--good-mark); }
.chart .lane-text { fill: var(--text); text-anchor: end; }
.key { display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0 16px 12px; color: var(--dim); font-size: 12.5px; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.key .done { background: var(--good-mark); }
.key .next { background: var(--wait-mark); }
.key .late { background: var(--warn-mark); }
footer { margin-top: 32px; color: var(--dim); font-size: 12.5px; }
@media (max-width: 640px) {
  main { padding: 18px 12px; }
  th, td, .says { padding-left: 12px; padding-right: 12px; }
}
@media print {
  :root {
    --back: #fff; --card: #fff; --line: #ccc; --text: #000; --dim: #444;
    --bad: #98150e; --warn: #6f4300; --wait: #124a88; --good: #0e5a31;
    --bad-soft: #fff; --warn-soft: #fff; --wait-soft: #fff; --good-soft: #fff;
    --bad-mark: #c5372d; --warn-mark: #d98a16; --wait-mark: #3c82cf; --good-mark: #34a065;
    color-scheme: light;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5px; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 18px; } h2 { font-size: 13px; margin: 16px 0 6px; break-after: avoid; } small { font-size: 9.5px; }
  table { min-width: 0; } th, td { padding: 3px 8px; } thead { display: table-header-group; }
  tr, .tiles li, .chart { break-inside: avoid; }
  thead th { font-size: 9.5px; } .tiles { grid-template-columns: repeat(5, 1fr); gap: 8px; }
  .tiles b { font-size: 20px; } .card { overflow: visible; }
}
"""
