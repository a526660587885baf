// The public face of @sluice/sdk-filter on the TypeScript side. Filters import `@sluice/sdk-filter/assembly`, their tests
// `@sluice/sdk-filter/harness`.

export { buildFilter } from "./compile/build-filter.ts";
export type { BuildOptions, BuiltFilter } from "./compile/build-filter.ts";
export { FilterWorkshop } from "./compile/filter-workshop.ts";
export { folderOfModule, readFilterFolder } from "./compile/filter-folder.ts";
export type { FilterFolder } from "./compile/filter-folder.ts";
export { FILTER_TEMPLATES, initFilter } from "./compile/init-filter.ts";
export type { FilterTemplate } from "./compile/init-filter.ts";
export type { NewFilter } from "./compile/init-filter.ts";
export { testFilter } from "./compile/test-filter.ts";
export type { RequestFileReport, TestOptions, TestReport } from "./compile/test-filter.ts";
export { SDK_ERRORS } from "./errors.ts";
