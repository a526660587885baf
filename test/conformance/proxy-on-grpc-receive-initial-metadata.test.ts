import { describe } from "vitest";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";
import { itBringsMetadata } from "./kit/grpc-metadata.ts";

describe("proxy_on_grpc_receive_initial_metadata", () => {
  itIsMadeAsItsRowSays("proxy_on_grpc_receive_initial_metadata", { rest: [6, 2] });
  itBringsMetadata("proxy_on_grpc_receive_initial_metadata", 4, (metadata) => ({ initial: metadata }));
});
