// What a filter's tests import: `import { FilterUnderTest } from "@sluice/sdk-filter/harness"`.

export { configProblem } from "./config-problem.ts";
export { FilterUnderTest } from "./filter-under-test.ts";
export type { LoadOptions, LogLine } from "./filter-under-test.ts";
export { ReceivedMessage } from "./received-message.ts";
export type { HeaderPairs, TestRequest, TestResponse } from "./test-request.ts";
export type { TestResult } from "./test-result.ts";
