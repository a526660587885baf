// The machine's document that `sluice up` runs its proxy with, written to the state folder where it can be read and copied.

export interface DemoAddresses {
  readonly proxy: string;
  readonly admin: string;
  readonly registry: string;
  readonly upstream: string;
}

/** A complete sluice.yaml. It lies in the state folder, so relative paths start there. */
export function demoMachineDocument(addresses: DemoAddresses, workers: string): string {
  return `# Written by \`sluice up\`. Copy it to sluice.yaml and change it there for a proxy of your own: this one is rewritten.
apiVersion: sluice/v1
kind: Proxy
node: { id: proxy-1, labels: {} }
stateDir: .
workers: ${workers}
listeners: [{ name: http, address: "${addresses.proxy}" }]
routes:
  - { name: all, match: { hosts: ["*"], path: { prefix: / } }, cluster: demo, timeout: 15s }
clusters: [{ name: demo, endpoints: ["${addresses.upstream}"], connectTimeout: 1s }]
admin: { address: "${addresses.admin}" }
registry: { address: "http://${addresses.registry}", tokenFile: proxy.token }
sinks: [{ name: log, type: stdout }]
`;
}
