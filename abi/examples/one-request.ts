// Shows what a filter makes of one request: node abi/examples/one-request.ts filter.wasm ['{"its": "configuration"}']
import { readFileSync } from "node:fs";
import { chainOfOne, defaultSpec, headOf, MemoryServices, Plugin } from "@sluice/abi";
import { prepareModule, RecordedExchange, takeStream } from "@sluice/abi";

const [path, configuration] = process.argv.slice(2);
const module = prepareModule(readFileSync(path!)); // inspected, metered, compiled; throws what is wrong with it
const config = configuration === undefined ? undefined : JSON.parse(configuration);
const services = new MemoryServices();
const plugin = new Plugin(module, defaultSpec(module, config, { filter: null, name: "example" }), services);
plugin.start();

const chain = chainOfOne(plugin);
const exchange = new RecordedExchange(chain.all, new Map());
const stream = takeStream();
const request = { ":method": "GET", ":path": "/hello", ":authority": "example.com", "user-agent": "curl" };
stream.open(chain, chain.all, exchange, headOf(Object.entries(request)));
stream.requestHeaders(true);
if (exchange.awaitsUpstream) {
  console.log("the upstream gets", exchange.forwarded!.headers);
  exchange.upstreamAnswers();
  stream.responseHeaders(headOf([[":status", "200"]]), true);
}
stream.finish();
console.log("the client gets", exchange.answered?.headers ?? "nothing");
for (const { message } of services.logs) console.log("log:", message);
stream.end();
plugin.close();
