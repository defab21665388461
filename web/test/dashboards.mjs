// The dashboards against the types that Grafana publishes: dashboards.mjs FOLDER. Each file becomes a program whose compilation
// fails where a panel, its options or its fields are not what Grafana knows.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const folder = process.argv[2];
const made = "made-types";
mkdirSync(made, { recursive: true });

const prelude = `
import type { AnnotationQuery, DataQuery, Dashboard, GraphFieldConfig, Panel, RowPanel, TableFieldOptions, VariableModel } from "@grafana/schema";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.js";
import type { Options as TableOptions } from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.js";
import type { Options as TimeSeriesOptions } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.js";

// As JSON has it: enumerations by their values; what is left out has a default.
type Plain<T> =
  T extends string ? \`\${T}\` :
  T extends number ? number :
  T extends boolean | null | undefined ? T :
  T extends (infer Item)[] ? Plain<Item>[] :
  T extends object ? { [Key in keyof T]?: Plain<T[Key]> } : T;
// What the package leaves to the source of data, here Prometheus.
type Query = Plain<DataQuery> & { refId: string; expr: string; legendFormat?: string; format?: "table" | "time_series"; instant?: boolean; range?: boolean };
type Annotation = Plain<AnnotationQuery> & { expr: string; titleFormat: string; textFormat?: string; tagKeys?: string; step?: string; useValueForTime?: boolean };
type Variable = Plain<VariableModel> & { definition?: string };
type Of<Type extends string, Options, Custom> = Omit<Plain<Panel>, "type" | "options" | "fieldConfig" | "targets"> & {
  type: Type;
  title: string;
  options?: Plain<Options>;
  targets: Query[];
  fieldConfig: { defaults: Omit<NonNullable<Plain<Panel>["fieldConfig"]>["defaults"] & {}, "custom"> & { custom?: Plain<Custom> };
                 overrides: { matcher: { id: string; options?: unknown }; properties: { id: string; value?: unknown }[] }[] };
};
type KnownPanel = Of<"timeseries", TimeSeriesOptions, GraphFieldConfig> | Of<"stat", StatOptions, {}> |
  Of<"table", TableOptions, TableFieldOptions> | (Plain<RowPanel> & { type: "row" });
type Known = Omit<Plain<Dashboard>, "annotations" | "panels" | "templating"> & {
  title: string; uid: string; panels: KnownPanel[]; annotations: { list: Annotation[] }; templating: { list: Variable[] };
};
`;

const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const programs = files.map((name) => {
  const file = join(made, name.replace(".json", ".ts"));
  writeFileSync(file, `${prelude}\nexport const dashboard: Known = ${readFileSync(join(folder, name), "utf8")};\n`);
  return file;
});
const program = ts.createProgram(programs, {
  strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
});
const mistakes = ts.getPreEmitDiagnostics(program);
for (const mistake of mistakes.slice(0, 20)) {
  const { line } = mistake.file?.getLineAndCharacterOfPosition(mistake.start ?? 0) ?? { line: 0 };
  const before = prelude.split("\n").length;
  console.error(`${mistake.file?.fileName}:${line - before}: ${ts.flattenDiagnosticMessageText(mistake.messageText, "\n")}`);
}
console.log(`${files.length} dashboards have the types of Grafana`);
process.exit(mistakes.length ? 1 : 0);
