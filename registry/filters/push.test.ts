import { readFile, readdir } from "node:fs/promises";
import { once } from "node:events";
import { request } from "node:http";
import type { ClientRequest } from "node:http";
import { join } from "node:path";
import { inspect } from "@sluice/abi";
import { sha256 } from "@sluice/proxy/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MODULE_BYTES_MAX, UPLOADS_AT_ONCE_MAX, UPLOAD_REQUEST_FILES_MAX } from "../limits.ts";
import { testModule } from "../test-module.ts";
import { TestRegistry } from "../test-registry.ts";

// One registry for all tests, a filter of its own for each.
let registry: TestRegistry;
let filter: string;
let count = 0;
beforeAll(async () => void (registry = await TestRegistry.start()));
beforeEach(() => void (filter = `gate-${++count}`));
afterAll(() => registry[Symbol.asyncDispose]());

const documentOf = (name: string): string => `apiVersion: sluice/v1\nkind: Filter\nname: ${name}\nphase: AUTHZ\n`;

describe("a push", () => {
  it("answers with the version's digest, the module's own, the tag and the proof", async () => {
    const module = await testModule();
    const { status, json } = await registry.push(filter, module, { document: documentOf(filter), tag: "v1" });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      filter,
      version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      moduleDigest: sha256(module),
      tag: "v1",
      documentFrom: "upload",
      proof: { ok: true, refusal: null, inspection: { abi: "0.2.1" } },
    });
  });

  it("gives the same digest for the same push, in this registry and in another", async () => {
    await using other = await TestRegistry.start();
    const first = await registry.push(filter, await testModule(), { document: documentOf(filter) });
    const again = await registry.push(filter, await testModule(), { document: documentOf(filter) });
    const elsewhere = await other.push(filter, await testModule(), { document: documentOf(filter) });
    expect([first.status, again.status, elsewhere.status]).toEqual([201, 200, 201]);
    expect(again.json["version"]).toBe(first.json["version"]);
    expect(elsewhere.json["version"]).toBe(first.json["version"]);
    expect(await versionsOf(filter)).toHaveLength(1);
  });

  it("stores an OCI manifest whose blobs are served by digest", async () => {
    const module = await testModule();
    const { json } = await registry.push(filter, module, { document: documentOf(filter), tag: "v1" });
    const manifest = await registry.call("GET", `/v1/blobs/${String(json["version"])}`, { token: registry.proxyToken });
    expect(manifest.headers.get("content-type")).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(sha256(manifest.text)).toBe(json["version"]);
    expect(manifest.json).toMatchObject({
      schemaVersion: 2,
      config: { mediaType: "application/vnd.sluice.filter.v1+json" },
      layers: [
        { mediaType: "application/vnd.module.wasm.config.v1+json" },
        {
          mediaType: "application/vnd.module.wasm.content.layer.v1+wasm",
          digest: sha256(module),
          size: module.byteLength,
        },
      ],
    });
    const { config } = manifest.json as { config: { digest: string } };
    const document = await registry.call("GET", `/v1/blobs/${config.digest}`);
    expect(document.json).toMatchObject({ name: filter, phase: "AUTHZ" });
  });

  it("derives index.json with a row per tag and per referrer", async () => {
    const { json } = await registry.push(filter, await testModule(), {
      document: documentOf(filter),
      tag: "v1",
      sourceMap: "{}",
      requests: REQUESTS,
    });
    await registry.call("PUT", `/v1/filters/${filter}/tags/stable`, {
      body: JSON.stringify({ version: json["version"] }),
    });
    const index = JSON.parse(await readFile(join(layoutOf(registry), "index.json"), "utf8")) as {
      manifests: { digest: string; annotations?: object }[];
    };
    const names = index.manifests
      .filter(({ digest }) => digest === json["version"])
      .map(({ annotations }) => annotations);
    expect(names).toEqual([
      { "org.opencontainers.image.ref.name": `${filter}:stable` },
      { "org.opencontainers.image.ref.name": `${filter}:v1` },
    ]);
    expect(await referrersOf(String(json["version"]), index.manifests)).toHaveLength(1);
  });

  it("moves a tag to the newest push that names it", async () => {
    await registry.push(filter, await testModule({ mark: 1 }), { tag: "v1" });
    const second = await registry.push(filter, await testModule({ mark: 2 }), { tag: "v1" });
    const versions = await versionsOf(filter);
    expect(versions.map(({ digest, tags }) => ({ digest, tags }))).toEqual([
      { digest: second.json["version"], tags: ["v1"] },
      { digest: versions[1]!.digest, tags: [] },
    ]);
  });
});

const REQUESTS = `apiVersion: sluice/v1
kind: Requests
cases:
  - { name: passes, request: { method: GET, path: /, authority: a.test }, expect: { verdict: { kind: noOpinion } } }
`;

describe("the proof", () => {
  it("names every sample request with its fuel", async () => {
    const { json } = await registry.push(filter, await testModule(), { requests: REQUESTS });
    expect(json["proof"]).toMatchObject({ ok: true, requests: [{ file: "samples.yaml", name: "passes", ok: true }] });
    expect((await versionsOf(filter))[0]).toMatchObject({ proof: { ok: true, requests: [{ name: "passes" }] } });
  });

  it("of a filter that fails its own samples says which, and nothing is stored", async () => {
    const requests = REQUESTS.replace("noOpinion", "deny");
    const { status, json } = await registry.push(filter, await testModule(), { requests });
    expect({ status, code: json["code"] }).toEqual({ status: 422, code: "SLUICE-E1124" });
    expect(json["proof"]).toMatchObject({ ok: false, requests: [{ name: "passes", ok: false }] });
    expect((await registry.call("GET", `/v1/filters/${filter}/versions`)).status).toBe(404);
  });

  it("of a module that inspection refuses says it in inspection's words, in the answer and in itself", async () => {
    const module = await testModule();
    const damaged = module.slice(0, module.length - 3);
    const result = inspect(damaged);
    const { status, json } = await registry.push(filter, damaged);
    expect(status).toBe(422);
    const { proof, ...refusal } = json;
    expect({ ok: false, refusal }).toEqual(result);
    expect(proof).toMatchObject({ ok: false, refusal });
  });

  it("of a module that traps when it starts is a refusal", async () => {
    const { status, json } = await registry.push(filter, await testModule({ trapsAtStart: true }));
    expect(status).toBe(422);
    expect(json["proof"]).toMatchObject({ ok: false, inspection: { abi: "0.2.1" } });
  });
});

describe("the document of a module pushed alone", () => {
  it("is the widest for a filter's first version, and the answer says so", async () => {
    const { json } = await registry.push(filter, await testModule());
    expect(json["documentFrom"]).toBe("default");
    expect((await versionsOf(filter))[0]!.filter).toEqual({
      apiVersion: "sluice/v1",
      kind: "Filter",
      name: filter,
      phase: "OTHER",
    });
  });

  it("is that of the newest version, and the answer names it", async () => {
    const first = await registry.push(filter, await testModule({ hasCheck: true }), {
      document: `${documentOf(filter)}requires: [check]\n`,
    });
    const second = await registry.push(filter, await testModule({ hasCheck: true, mark: 1 }));
    expect(second.json["documentFrom"]).toBe(first.json["version"]);
    expect((await versionsOf(filter))[0]!.filter).toMatchObject({ phase: "AUTHZ", requires: ["check"] });
  });

  it("still asks for the check it required", async () => {
    await registry.push(filter, await testModule({ hasCheck: true }), {
      document: `${documentOf(filter)}requires: [check]\n`,
    });
    const refused = await registry.push(filter, await testModule({ mark: 1 }));
    expect(refused).toMatchObject({ status: 422, json: { code: "SLUICE-E3045", proof: { ok: false } } });
  });
});

describe("a bad upload", () => {
  const wasm = (body: Uint8Array<ArrayBuffer>) => (): ReturnType<TestRegistry["push"]> => registry.push(filter, body);
  const withLines =
    (lines: string, name: string | null = null) =>
    async (): ReturnType<TestRegistry["push"]> =>
      registry.push(filter, await testModule(), { document: documentOf(name ?? filter) + lines });
  const ROWS: readonly { name: string; push: () => ReturnType<TestRegistry["push"]>; status: number; code: string }[] =
    [
      { name: "an empty module", push: wasm(new Uint8Array(0)), status: 422, code: "SLUICE-E3040" },
      { name: "text", push: wasm(new TextEncoder().encode("(module)")), status: 422, code: "SLUICE-E3041" },
      {
        name: "a truncated module",
        push: async () => wasm((await testModule()).slice(0, -9))(),
        status: 422,
        code: "SLUICE-E1102",
      },
      {
        name: "a module with an unknown import",
        push: async () => wasm(await testModule({ imports: "launch_missiles" }))(),
        status: 422,
        code: "SLUICE-E1105",
      },
      {
        name: "a module of another ABI",
        push: async () => wasm(await testModule({ abiMarker: "proxy_abi_version_9_9_9" }))(),
        status: 422,
        code: "SLUICE-E1108",
      },
      { name: "zeros", push: wasm(new Uint8Array(1024)), status: 422, code: "SLUICE-E1101" },
      { name: "64 MiB of zeros", push: wasm(new Uint8Array(64 * 1024 * 1024)), status: 413, code: "SLUICE-E3022" },
      {
        name: "a module one byte over its limit",
        push: wasm(new Uint8Array(MODULE_BYTES_MAX + 1)),
        status: 413,
        code: "SLUICE-E3022",
      },
      {
        name: "a document of another filter",
        push: withLines("", "door"),
        status: 422,
        code: "SLUICE-E3044",
      },
      {
        name: "a document with an unknown key",
        push: withLines("fase: AUTHZ\n"),
        status: 422,
        code: "SLUICE-E1001",
      },
      { name: "a document that is a YAML bomb", push: withLines(yamlBomb()), status: 422, code: "SLUICE-E1001" },
      {
        name: "a schema nobody can use",
        push: withLines("config: { type: objekt }\n"),
        status: 422,
        code: "SLUICE-E3046",
      },
      {
        name: "an example that does not fit its schema",
        push: withLines("config: { type: object }\nexampleConfig: 1\n"),
        status: 422,
        code: "SLUICE-E3047",
      },
      {
        name: "an unknown part",
        push: () =>
          form([
            ["module", ""],
            ["moduel", ""],
          ]),
        status: 400,
        code: "SLUICE-E3042",
      },
      {
        name: "a part twice",
        push: () =>
          form([
            ["filter", documentOf(filter)],
            ["filter", documentOf(filter)],
          ]),
        status: 400,
        code: "SLUICE-E3042",
      },
      {
        name: "a form without a module",
        push: () => form([["filter", documentOf(filter)]]),
        status: 400,
        code: "SLUICE-E3042",
      },
      {
        name: "more sample files than allowed",
        push: () => form(Array.from({ length: UPLOAD_REQUEST_FILES_MAX + 5 }, () => ["requests", REQUESTS])),
        status: 400,
        code: "SLUICE-E3042",
      },
      {
        name: "another media type",
        push: () => registry.call("PUT", `/v1/filters/${filter}/versions`, { body: "{}" }),
        status: 415,
        code: "SLUICE-E3023",
      },
      { name: "a form cut off in the middle", push: cutForm, status: 400, code: "SLUICE-E3043" },
      {
        name: "a tag that is none",
        push: async () => registry.push(filter, await testModule(), { tag: "-v1" }),
        status: 400,
        code: "SLUICE-E3031",
      },
    ];

  it.each(ROWS)("is refused with $code: $name", async ({ push, status, code }) => {
    const before = await layoutFiles(registry);
    const answer = await push();
    expect({ status: answer.status, code: answer.json["code"] }).toEqual({ status, code });
    expect(answer.json["hint"]).toBeTypeOf("string");
    expect(await layoutFiles(registry)).toEqual(before);
    expect((await registry.call("GET", `/v1/filters/${filter}/versions`)).status).toBe(404);
  });

  it("is refused while too many others are under way, and their room is given back however they end", async () => {
    const calls = Array.from({ length: UPLOADS_AT_ONCE_MAX }, () => openPush());
    await Promise.all(calls.map((call) => once(call, "socket")));
    await expect.poll(async () => (await registry.push(filter, new Uint8Array(0))).json["code"]).toBe("SLUICE-E3025");
    for (const call of calls) call.destroy();
    await expect.poll(async () => (await registry.push(filter, new Uint8Array(0))).json["code"]).toBe("SLUICE-E3040");
  });

  it("is refused under a name that would leave the folder", async () => {
    for (const name of ["..", "..%2F..%2Fetc", "a%2F..%2Fb", "Gate", "%00", "a".repeat(64)]) {
      expect({ name, ...(await rawPut(`/v1/filters/${name}/versions`)) }).toEqual({
        name,
        status: 400,
        code: "SLUICE-E3030",
      });
    }
  });
});

function form(parts: readonly (readonly [string, string])[]): ReturnType<TestRegistry["call"]> {
  const body = new FormData();
  for (const [name, text] of parts) body.append(name, new Blob([text]), name);
  return registry.call("PUT", `/v1/filters/${filter}/versions`, { body });
}

function cutForm(): ReturnType<TestRegistry["call"]> {
  const body = '--edge\r\ncontent-disposition: form-data; name="module"; filename="m"\r\n\r\nabc';
  return registry.call("PUT", `/v1/filters/${filter}/versions`, {
    body,
    headers: { "content-type": "multipart/form-data; boundary=edge" },
  });
}

function yamlBomb(): string {
  const lines = ["a: &a0 [x]"];
  for (let level = 1; level < 10; level += 1)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\n`;
}

/** A push whose body never ends by itself. */
function openPush(): ClientRequest {
  const headers = { authorization: `Bearer ${registry.adminToken}`, "content-type": "application/wasm" };
  const call = request(`${registry.url}/v1/filters/${filter}/versions`, { method: "PUT", headers });
  call.on("error", () => undefined);
  call.write("\0asm");
  return call;
}

/** A path that fetch would have tidied up. */
function rawPut(path: string): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${registry.adminToken}`, "content-type": "application/wasm" };
    const call = request(
      { host: "127.0.0.1", port: new URL(registry.url).port, path, method: "PUT", headers },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({ status: response.statusCode!, code: (JSON.parse(text) as { code: string }).code }),
        );
      },
    );
    call.on("error", reject);
    call.end();
  });
}

interface ListedVersion {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly filter: object;
}

async function versionsOf(of: string): Promise<ListedVersion[]> {
  return (await registry.call("GET", `/v1/filters/${of}/versions`)).json["versions"] as ListedVersion[];
}

function layoutOf({ stateDir }: TestRegistry): string {
  return join(stateDir, "registry", "oci");
}

async function layoutFiles(of: TestRegistry): Promise<string[]> {
  return (await readdir(layoutOf(of), { recursive: true })).sort();
}

async function referrersOf(version: string, manifests: readonly { digest: string }[]): Promise<object[]> {
  const found: object[] = [];
  for (const { digest } of manifests) {
    const { json } = await registry.call("GET", `/v1/blobs/${digest}`);
    if ((json["subject"] as { digest: string } | undefined)?.digest === version) found.push(json);
  }
  return found;
}
