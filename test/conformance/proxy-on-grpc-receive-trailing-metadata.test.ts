import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_grpc_receive_trailing_metadata", () => {
  itIsMadeAsItsRowSays("proxy_on_grpc_receive_trailing_metadata", { rest: [6, 2] });
});
