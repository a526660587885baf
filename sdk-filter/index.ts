// The public face of @sluice/sdk-filter on the TypeScript side. Filters import `@sluice/sdk-filter/assembly`, their tests
// `@sluice/sdk-filter/harness`.

export { buildFilter } from "./compile/build-filter.ts";
export type { BuildOptions, BuiltFilter } from "./compile/build-filter.ts";
export { readFilterFolder } from "./compile/filter-folder.ts";
export type { FilterFolder } from "./compile/filter-folder.ts";
export { SDK_ERRORS } from "./errors.ts";
