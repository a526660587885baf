// The listening sockets: one port-sharing socket a worker and listener, bound but not listening, handed out as often as
// a worker is started. So a worker that is killed and replaced loses no connection attempt.
//
// Opening them takes a call that is not in Node's manual (net._createServerHandle). Where it is missing or the system
// cannot share ports that way, `kind` is "addresses": workers then bind the address themselves with `reusePort`.

import net from "node:net";

const FLAG_REUSE_PORT = 2; // UV_TCP_REUSEPORT
const NO_DESCRIPTOR = -1;

export class ListeningSockets {
  constructor(createHandle = net._createServerHandle ?? null) {
    this.createHandle = createHandle;
    /** Handles by listener name and worker: `http 0`. */
    this.handles = new Map();
    this.ports = {};
    this.wanted = "";
    this.kind = "handles";
  }

  /** Opens what is not open yet; answers the port of each listener (its own when it asked for port 0). */
  async open(listeners, workers) {
    const wanted = JSON.stringify([listeners, workers]);
    if (wanted === this.wanted) return this.ports;
    this.close();
    for (const listener of listeners) {
      const port = await probe(listener);
      this.ports[listener.name] = port;
      for (let worker = 0; worker < workers; worker++) this.openHandle(listener, port, worker);
    }
    this.wanted = wanted;
    return this.ports;
  }

  /** The handle for one worker; undefined when workers bind by themselves. */
  handle(listener, worker) {
    return this.handles.get(`${listener} ${worker}`);
  }

  close() {
    for (const handle of this.handles.values()) handle.close();
    this.handles.clear();
    this.ports = {};
    this.wanted = "";
  }

  openHandle({ name, host }, port, worker) {
    if (this.kind === "addresses") return;
    const family = net.isIPv6(host) ? 6 : 4;
    const handle = this.createHandle?.(host, port, family, NO_DESCRIPTOR, FLAG_REUSE_PORT);
    if (handle === undefined || typeof handle === "number") {
      for (const open of this.handles.values()) open.close();
      this.handles.clear();
      this.kind = "addresses";
      return;
    }
    this.handles.set(`${name} ${worker}`, handle);
  }
}

/** Binds alone for a moment: a second process that shares ports would bind the same one without any error. */
function probe({ name, host, port }) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", (error) => reject(new Error(sentence(error, name, host, port))));
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address().port;
      server.close(() => resolve(bound));
    });
  });
}

function sentence(error, name, host, port) {
  const where = `Listener ${name} cannot listen on ${host}:${port}`;
  if (error.code === "EADDRINUSE")
    return `${where}: the port is in use. Stop what uses it, or change the listener's address.`;
  if (error.code === "EACCES")
    return `${where}: ports below 1024 need a privilege. Take a higher port, or grant the privilege.`;
  if (error.code === "EADDRNOTAVAIL") return `${where}: this machine does not have that address.`;
  return `${where}: ${error.message}`;
}
