import { rawTcp } from "./raw-transport.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("rawTcp", rawTcp);
