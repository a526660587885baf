// The public face of @sluice/sdk-filter on the TypeScript side. Filters import `@sluice/sdk-filter/assembly`.

export { buildFilter } from "./compile/build-filter.ts";
export type { BuiltFilter } from "./compile/build-filter.ts";
export { readFilterFolder } from "./compile/filter-folder.ts";
export type { FilterFolder } from "./compile/filter-folder.ts";
export { SDK_ERRORS } from "./errors.ts";
