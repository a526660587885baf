import { describe } from "vitest";
import { itEndsAStream } from "./kit/ending-callback.ts";

describe("proxy_on_log", () => {
  itEndsAStream("proxy_on_log");
});
