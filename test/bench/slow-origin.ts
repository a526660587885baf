// A program: an origin that answers each request after a while. Arguments: port, delay in ms.

import { createServer } from "node:http";

const [port, delayMs] = process.argv.slice(2).map(Number) as [number, number];
createServer((request, response) => {
  request.resume();
  setTimeout(() => response.end("late"), delayMs);
}).listen(port, "127.0.0.1");
