import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";

describe("proxy_on_grpc_receive_initial_metadata", () => {
  itIsMadeAsItsRowSays("proxy_on_grpc_receive_initial_metadata", { rest: [6, 2] });
});
