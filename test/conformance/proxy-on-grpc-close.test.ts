import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_grpc_close", () => {
  itIsMadeAsItsRowSays("proxy_on_grpc_close", { rest: [5, 14] });
});
