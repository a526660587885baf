// Policies of rbac: a handful of rules, none of which denies the benchmark's requests, so that every one is read to its end.

export const policies = [
  {
    name: "closed",
    action: "DENY",
    rules: [
      {
        to: [{ operation: { paths: ["/internal/*", "/admin/*"] } }],
        when: [{ key: "request.headers[x-role]", notValues: ["admin"] }],
      },
      { to: [{ operation: { methods: ["DELETE", "PUT"] } }], from: [{ source: { notIpBlocks: ["10.0.0.0/8"] } }] },
    ],
  },
  {
    name: "open",
    action: "ALLOW",
    rules: [
      { to: [{ operation: { methods: ["POST"], paths: ["/orders/*"] } }] },
      {
        to: [{ operation: { methods: ["GET"], paths: ["/*"] } }],
        when: [{ key: "request.headers[x-role]", values: ["guest", "admin"] }],
      },
    ],
  },
];
