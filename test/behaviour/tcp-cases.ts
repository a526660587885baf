// What the behaviour filter does with TCP connections when it is labelled `tcp`: lines from the client go on framed, what the
// upstream says gets a mark, `quit` closes, and who closed is logged.

/** What one of the peers does. */
export type TcpStep =
  | { readonly client: string }
  | { readonly upstream: string }
  | { readonly closes: "client" | "upstream" };

export interface TcpCase {
  readonly name: string;
  readonly steps: readonly TcpStep[];
  /** As MemoryConnection tells it. */
  readonly transcript: readonly string[];
  readonly logs: readonly string[];
}

export const TCP_CASES: readonly TcpCase[] = [
  {
    name: "holds bytes until there is a line, and frames it",
    steps: [{ client: "hel" }, { client: "lo\n" }, { client: "again\n" }],
    transcript: ["connect", '> "<hello\n>"', '> "<again\n>"'],
    logs: ["info: connected"],
  },
  {
    name: "marks what comes back",
    steps: [{ client: "hello\n" }, { upstream: "one" }, { upstream: "two" }],
    transcript: ["connect", '> "<hello\n>"', '< "one!"', '< "two!"'],
    logs: ["info: connected"],
  },
  {
    name: "is told that the client has gone",
    steps: [{ client: "hello\n" }, { closes: "client" }],
    transcript: ["connect", '> "<hello\n>"', "close upstream"],
    logs: ["info: connected", "info: downstream closed: 2", "info: over"],
  },
  {
    name: "is told that the upstream has gone, which ends the connection",
    steps: [{ upstream: "bye" }, { closes: "upstream" }],
    transcript: ["connect", '< "bye!"', "close downstream"],
    logs: ["info: connected", "info: upstream closed: 2", "info: downstream closed: 1", "info: over"],
  },
  {
    name: "closes the connection itself",
    steps: [{ client: "quit\n" }],
    transcript: ["connect", "close downstream", "close upstream"],
    logs: ["info: connected", "info: downstream closed: 1", "info: over"],
  },
];
