import { plainTcp } from "./plain-transport.ts";
import { describeTransport } from "./transport-contract.ts";

describeTransport("plainTcp", plainTcp);
