// What the behaviour filter does, as one table for all of its guests. `x-behaviour` names the behaviour; each case has a
// plugin of its own, whose clock stands until a step or a paused request lets it pass.

/** What a guest's SDK may be unable to do; guests.ts says who lacks what, and why. */
export type Ability = "bodyRewrite" | "environment" | "grpc" | "grpcStream" | "tcp";

export type Fields = readonly (readonly [name: string, value: string])[];

export interface Message {
  readonly headers?: Fields;
  readonly chunks?: readonly string[];
  readonly trailers?: Fields;
}

export interface Step {
  /** Time that passes before the request. */
  readonly afterMs?: number;
  readonly path?: string;
  readonly request?: Message;
  readonly response?: Message & { readonly status?: number };
  /** Of what was observed: all that is named here must be so, null means absent. */
  readonly expect: Expected;
}

/** Header fields by name; a list when there are several of a name. */
export type FieldValues = Readonly<Record<string, string | readonly string[] | null>>;

interface ExpectedMessage {
  readonly headers?: FieldValues;
  readonly body?: string;
  readonly trailers?: FieldValues;
}

export interface Expected {
  /** As the upstream gets it; null when nothing goes on. */
  readonly request?: ExpectedMessage | null;
  /** As the client gets it. */
  readonly response?: ExpectedMessage;
  readonly status?: number;
  /** The guest is ended for a trap; the failure's message has these words of it. */
  readonly traps?: string;
  /** Callouts and what became of them. */
  readonly asked?: readonly string[];
  /** Lines of the behaviour, each `level: text`; what an SDK says of itself is left out. */
  readonly logs?: readonly string[];
  readonly metrics?: { readonly requests: number; readonly level: number; readonly sizes: readonly number[] };
}

export interface BehaviourCase {
  readonly name: string;
  readonly behaviour: string;
  readonly needs?: Ability;
  /** The root acts on a stream: both must be in one instance. */
  readonly sharedOnly?: boolean;
  readonly steps: readonly Step[];
}

export const CASES: readonly BehaviourCase[] = [
  {
    name: "reads its configuration",
    behaviour: "configuration",
    steps: [{ expect: { request: { headers: { "x-label": "blue" } }, status: 200 } }],
  },
  {
    name: "leaves a request alone",
    behaviour: "none",
    steps: [
      {
        path: "/left/alone?q=1",
        request: { headers: [["x-kept", "yes"]], chunks: ["one", "two"] },
        response: { headers: [["x-kept", "too"]], chunks: ["three"] },
        expect: {
          request: { headers: { ":path": "/left/alone?q=1", "x-kept": "yes" }, body: "onetwo" },
          response: { headers: { "x-kept": "too" }, body: "three" },
        },
      },
    ],
  },
  {
    name: "gets, adds, replaces, removes and lists headers",
    behaviour: "headers",
    steps: [
      {
        request: {
          headers: [
            ["x-name", "Ada"],
            ["x-replaced", "old"],
            ["x-replaced", "older"],
            ["x-removed", "secret"],
            ["x-pair-a", "1"],
            ["x-pair-b", ""],
            ["x-pair-a", "3"],
          ],
        },
        response: {
          status: 201,
          headers: [
            ["server", "origin"],
            ["x-internal", "secret"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        },
        expect: {
          status: 201,
          request: {
            headers: {
              "x-got": "Ada",
              "x-added": ["one", "two"],
              "x-replaced": "new",
              "x-removed": null,
              "x-pairs": "1,,3",
            },
          },
          response: {
            headers: {
              "x-status": "201",
              "x-response": ["one", "two"],
              server: "behaviour",
              "x-internal": null,
              "set-cookie": ["a=1", "b=2"],
            },
          },
        },
      },
    ],
  },
  {
    name: "tells an absent header",
    behaviour: "headers",
    steps: [{ expect: { request: { headers: { "x-got": "absent", "x-replaced": "new", "x-pairs": "" } } } }],
  },
  {
    name: "buffers and rewrites both bodies",
    behaviour: "body",
    needs: "bodyRewrite",
    steps: [
      {
        request: { headers: [["content-length", "9"]], chunks: ["one", "two", "six"] },
        response: { headers: [["content-length", "7"]], chunks: ["yes", "", "indeed"] },
        expect: { request: { body: "[onetwosix]" }, response: { body: "{yesindeed}" } },
      },
    ],
  },
  {
    name: "rewrites a body of 64 KiB",
    behaviour: "body",
    needs: "bodyRewrite",
    steps: [
      {
        request: { chunks: Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(4096)) },
        expect: {
          request: {
            body: `[${Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(4096)).join("")}]`,
          },
        },
      },
    ],
  },
  {
    name: "changes a trailer",
    behaviour: "trailers",
    steps: [
      {
        request: { chunks: ["body"], trailers: [["x-sum", "12"]] },
        expect: { request: { body: "body", trailers: { "x-sum": "12, seen" } } },
      },
    ],
  },
  {
    name: "answers a request itself, with headers and body",
    behaviour: "reply",
    steps: [
      {
        expect: {
          status: 418,
          request: null,
          response: { headers: { "x-reply": ["one", "two"] }, body: "short and stout" },
        },
      },
    ],
  },
  {
    name: "answers in place of the upstream's response",
    behaviour: "reply-to-response",
    steps: [
      {
        response: { headers: [["x-secret", "of the upstream"]], chunks: ["body of the upstream"] },
        expect: {
          status: 502,
          response: { headers: { "x-reply": "late", "x-secret": null }, body: "replaced" },
        },
      },
    ],
  },
  {
    name: "counts ticks where a request sees them",
    behaviour: "timer",
    steps: [
      { expect: { request: { headers: { "x-ticks": "0" } } } },
      { afterMs: 350, expect: { request: { headers: { "x-ticks": "3" } } } },
      { afterMs: 50, expect: { request: { headers: { "x-ticks": "4" } } } },
    ],
  },
  {
    name: "holds a request until a tick lets it go",
    behaviour: "hold",
    sharedOnly: true,
    steps: [{ afterMs: 30, expect: { status: 200, request: { headers: { "x-held": "yes" } } } }],
  },
  {
    name: "swaps shared data once and misses with a stale number",
    behaviour: "shared",
    steps: [
      { expect: { request: { headers: { "x-visits": "1", "x-stale": "none" } } } },
      { expect: { request: { headers: { "x-visits": "2", "x-stale": "mismatch" } } } },
      { expect: { request: { headers: { "x-visits": "3", "x-stale": "mismatch" } } } },
    ],
  },
  {
    name: "consumes what requests put into a queue",
    behaviour: "enqueue",
    steps: [
      { request: { headers: [["x-behaviour", "consumed"]] }, expect: { request: { headers: { "x-consumed": "0:" } } } },
      { request: { headers: [["x-item", "apple"]] }, expect: { status: 200 } },
      { request: { headers: [["x-item", "pear"]] }, expect: { status: 200 } },
      {
        afterMs: 10,
        request: { headers: [["x-behaviour", "consumed"]] },
        expect: { request: { headers: { "x-consumed": "2:pear" } } },
      },
    ],
  },
  {
    name: "asks a cluster and shows the answer to the upstream",
    behaviour: "callout",
    steps: [
      {
        request: {
          headers: [
            ["x-cluster", "answers"],
            ["x-name", "Ada"],
          ],
        },
        expect: {
          status: 200,
          request: {
            headers: {
              "x-answer": "forty-two",
              "x-answer-status": "203",
              "x-answer-body": "because: POST /ask Ada question",
            },
          },
        },
      },
    ],
  },
  {
    name: "holds a whole message while it asks",
    behaviour: "callout",
    steps: [
      {
        request: { headers: [["x-cluster", "answers"]], chunks: ["kept", " whole"], trailers: [["x-sum", "12"]] },
        expect: {
          request: { headers: { "x-answer": "forty-two" }, body: "kept whole", trailers: { "x-sum": "12" } },
        },
      },
    ],
  },
  {
    name: "answers itself when the cluster fails",
    behaviour: "callout",
    steps: [
      {
        request: { headers: [["x-cluster", "broken"]] },
        expect: { status: 503, request: null, response: { body: "no answer" }, asked: ["http broken /ask failed"] },
      },
      {
        request: { headers: [["x-cluster", "slow"]] },
        expect: { status: 503, request: null, response: { body: "no answer" } },
      },
    ],
  },
  {
    name: "learns at once that there is no such cluster",
    behaviour: "callout",
    steps: [
      {
        request: { headers: [["x-cluster", "nowhere"]] },
        expect: { status: 500, request: null, response: { body: "refused" } },
      },
    ],
  },
  {
    name: "asks a gRPC service",
    behaviour: "grpc",
    needs: "grpc",
    steps: [
      {
        request: { headers: [["x-cluster", "answers"]] },
        expect: { status: 200, request: { headers: { "x-grpc": "/behaviour.Echo/Say data hello" } } },
      },
    ],
  },
  {
    name: "answers itself when a gRPC call fails",
    behaviour: "grpc",
    needs: "grpc",
    steps: [
      {
        request: { headers: [["x-cluster", "broken"]] },
        expect: { status: 503, request: null, response: { body: "grpc status 14" } },
      },
      {
        request: { headers: [["x-cluster", "slow"]] },
        expect: { status: 503, request: null, response: { body: "grpc status 4" } },
      },
    ],
  },
  {
    name: "sends over a gRPC stream and hears all of it",
    behaviour: "grpc-stream",
    needs: "grpcStream",
    steps: [
      {
        request: { headers: [["x-cluster", "answers"]] },
        expect: {
          status: 200,
          request: { headers: { "x-grpc": "hello;one;;three;bye;0" } },
          asked: ["grpcStream answers /behaviour.Echo/Chat ping pong answered"],
        },
      },
    ],
  },
  {
    name: "learns at once that no cluster serves the gRPC service",
    behaviour: "grpc",
    needs: "grpc",
    steps: [
      {
        request: { headers: [["x-cluster", "nowhere"]] },
        expect: { status: 500, request: null, response: { body: "refused" } },
      },
    ],
  },
  {
    name: "reads properties of every type and leaves one for the response",
    behaviour: "properties",
    steps: [
      {
        request: { headers: [["x-name", "Ada"]] },
        response: { status: 204 },
        expect: {
          request: {
            headers: {
              "x-method": "GET",
              "x-header": "Ada",
              "x-source-port": "40000",
              "x-time": "1767225600000000000",
              "x-mtls": "true",
              "x-unknown": "absent",
            },
          },
          response: { headers: { "x-code": "204", "x-mark": "left" } },
        },
      },
    ],
  },
  {
    name: "sees the environment of its plugin",
    behaviour: "environment",
    needs: "environment",
    steps: [{ expect: { request: { headers: { "x-colour": "green" } } } }],
  },
  {
    name: "reads the clock",
    behaviour: "clock",
    steps: [
      { expect: { request: { headers: { "x-now": "1767225600" } } } },
      { afterMs: 90_000, expect: { request: { headers: { "x-now": "1767225690" } } } },
    ],
  },
  {
    name: "traps, and serves the next request as if it had not",
    behaviour: "trap",
    steps: [
      { expect: { traps: "on purpose", status: 503, request: null } },
      {
        request: {
          headers: [
            ["x-behaviour", "headers"],
            ["x-name", "Ada"],
          ],
        },
        expect: { status: 200, request: { headers: { "x-got": "Ada" } } },
      },
    ],
  },
  {
    name: "calls foreign functions, and is told of one that is not there",
    behaviour: "foreign",
    steps: [{ expect: { request: { headers: { "x-foreign": "there and back", "x-missing": "not found" } } } }],
  },
  {
    name: "counts, measures and observes",
    behaviour: "metrics",
    steps: [
      { expect: { request: { headers: { "x-requests": "1" } } } },
      { expect: { request: { headers: { "x-requests": "2" } }, metrics: { requests: 2, level: 40, sizes: [7, 7] } } },
    ],
  },
  {
    name: "logs at four levels and once more when the stream is over",
    behaviour: "log",
    steps: [
      {
        path: "/logged",
        expect: {
          logs: [
            "debug: a debug line",
            "info: an info line",
            "warn: a warn line",
            "error: an error line",
            "info: over: /logged",
          ],
        },
      },
    ],
  },
];
