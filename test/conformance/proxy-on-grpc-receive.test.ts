import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_grpc_receive", () => {
  itIsMadeAsItsRowSays("proxy_on_grpc_receive", { rest: [5, 100] });
});
