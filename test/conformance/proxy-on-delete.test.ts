import { describe } from "vitest";
import { itEndsAStream } from "./kit/ending-callback.ts";

describe("proxy_on_delete", () => {
  itEndsAStream("proxy_on_delete");
});
