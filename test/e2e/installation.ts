// One installation under test: a temporary folder, an origin, a registry and proxies as real processes on free ports.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RegistryClient } from "@sluice/bin";
import { freePort } from "../free-port.ts";
import { startNumberedOrigin } from "../load/numbered-origin.ts";
import type { NumberedOrigin } from "../load/numbered-origin.ts";
import { Program } from "./program.ts";

export interface ProxyUnderTest {
  readonly id: string;
  readonly port: number;
  readonly adminPort: number;
  readonly program: Program;
  /** What its admin port wants to see from an operator: the token that it has made. */
  readonly adminHeaders: { readonly authorization: string };
}

export interface ProxyOptions {
  readonly workers?: number;
  /** A deployment document in place of the registry. */
  readonly deployment?: string;
  readonly ready?: boolean;
  /** Whose ports it takes over. */
  readonly previous?: ProxyUnderTest;
  /** Default: its id under `name`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** As YAML; default: standard output. */
  readonly sinks?: string;
  /** As YAML; default: what the proxy has as defaults. */
  readonly limits?: string;
  /** Whom its route asks; default: the numbered origin. */
  readonly originPort?: number;
  /** Default: 5s. */
  readonly routeTimeout?: string;
}

export class Installation {
  readonly folder: string;
  readonly origin: NumberedOrigin;
  registryPort = 0;
  registry: Program | null = null;
  readonly #programs: Program[] = [];

  /** In a folder of its own, removed at `close`. */
  static async create(folder = mkdtempSync(join(tmpdir(), "sluice-e2e-"))): Promise<Installation> {
    return new Installation(folder, await startNumberedOrigin());
  }

  private constructor(folder: string, origin: NumberedOrigin) {
    this.folder = folder;
    this.origin = origin;
  }

  get registryUrl(): string {
    return `http://127.0.0.1:${this.registryPort}`;
  }

  get #registryStateDir(): string {
    return join(this.folder, ".sluice");
  }

  get adminToken(): string {
    return this.#token("admin");
  }

  get client(): RegistryClient {
    return new RegistryClient({ address: this.registryUrl, token: this.adminToken });
  }

  #token(role: "admin" | "proxy"): string {
    return readFileSync(join(this.#registryStateDir, `${role}.token`), "utf8").trim();
  }

  /** Starts the registry; a second call starts it again over the same state and port. */
  async startRegistry(): Promise<Program> {
    if (this.registryPort === 0) this.registryPort = await freePort();
    const args = ["registry", "--address", `127.0.0.1:${this.registryPort}`, "--state-dir", this.#registryStateDir];
    const program = this.#start(args);
    await program.until("an answer of the registry", async () => {
      const answer = await fetch(`${this.registryUrl}/v1/filters`).catch(() => null);
      await answer?.arrayBuffer();
      return answer !== null;
    });
    this.registry = program;
    return program;
  }

  /**
   * Starts a proxy with its own state folder and waits for its admin port, or for `/readyz` when `ready`. `chain` says
   * where its deployment comes from; without it the registry.
   */
  async startProxy(id: string, options: ProxyOptions = {}): Promise<ProxyUnderTest> {
    const port = options.previous?.port ?? (await freePort());
    const adminPort = options.previous?.adminPort ?? (await freePort());
    const folder = join(this.folder, id);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "sluice.yaml");
    writeFileSync(file, this.#machineDocument(id, port, adminPort, options));
    if (options.deployment !== undefined) writeFileSync(join(folder, "deployment.yaml"), options.deployment);
    const program = this.#start(["proxy", "-c", file]);
    const path = options.ready === false ? "healthz" : "readyz";
    await program.until(`${id}'s /${path}`, async () => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/${path}`).catch(() => null);
      await answer?.arrayBuffer();
      return answer !== null && answer.ok;
    });
    const token = readFileSync(join(folder, "state", "admin.token"), "utf8").trim();
    return { id, port, adminPort, program, adminHeaders: { authorization: `Bearer ${token}` } };
  }

  /** A path in the proxy's folder, for modules that its deployment file names. */
  writeFor(id: string, name: string, bytes: Uint8Array): string {
    mkdirSync(join(this.folder, id), { recursive: true });
    writeFileSync(join(this.folder, id, name), bytes);
    return name;
  }

  /** Runs a command of ours to its end, as an operator in the installation's folder. */
  async sluice(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const program = Program.sluice(args, { cwd: this.folder, env: { SLUICE_REGISTRY: this.registryUrl } });
    const { code } = await program.ended;
    return { code, stdout: program.stdout, stderr: program.stderr };
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    await this.origin.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(args: readonly string[]): Program {
    const program = Program.sluice(args, { cwd: this.folder });
    this.#programs.push(program);
    return program;
  }

  #machineDocument(
    id: string,
    port: number,
    adminPort: number,
    {
      workers = 1,
      deployment,
      labels = { name: id },
      sinks = "[{ name: log, type: stdout }]",
      limits = "{}",
      originPort = this.origin.port,
      routeTimeout = "5s",
    }: ProxyOptions,
  ): string {
    const chain =
      deployment === undefined
        ? `registry: { address: "${this.registryUrl}", tokenFile: "${join(this.#registryStateDir, "proxy.token")}" }`
        : "deployment: { file: deployment.yaml }";
    return `apiVersion: sluice/v1
kind: Proxy
node: { id: ${id}, labels: ${JSON.stringify(labels)} }
stateDir: state
workers: ${workers}
listeners: [{ name: http, address: "127.0.0.1:${port}" }]
routes: [{ name: all, match: { path: { prefix: / } }, cluster: origin, timeout: ${routeTimeout} }]
clusters: [{ name: origin, endpoints: ["127.0.0.1:${originPort}"], connectTimeout: 1s }]
admin: { address: "127.0.0.1:${adminPort}" }
sinks: ${sinks}
limits: ${limits}
${chain}
`;
  }
}
