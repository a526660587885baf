import { request } from "node:http";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestRegistry } from "../test-registry.ts";
import { ROLES } from "./roles.ts";
import type { Role } from "./roles.ts";
import { SESSION_HEADER } from "./sessions.ts";

let registry: TestRegistry;
const tokenOf = (role: Role): string => `token-of-${role}`;

beforeAll(async () => {
  registry = await TestRegistry.start();
  await addTokens(registry);
});
afterAll(() => registry[Symbol.asyncDispose]());

/** One token of every role, beside the two of the first start. */
async function addTokens({ stateDir }: TestRegistry): Promise<void> {
  const file = join(stateDir, "tokens.json");
  const document = JSON.parse(await readFile(file, "utf8")) as { tokens: object[] };
  const added = ROLES.map((role) => ({
    name: `${role}-1`,
    role,
    sha256: createHash("sha256").update(tokenOf(role)).digest("hex"),
  }));
  await writeFile(file, JSON.stringify({ ...document, tokens: [...document.tokens, ...added] }));
}

describe("tokens", () => {
  it("are written with mode 0600 at the first start", async () => {
    for (const name of ["tokens.json", "admin.token", "proxy.token"]) {
      expect((await stat(join(registry.stateDir, name))).mode & 0o777).toBe(0o600);
    }
  });

  it("are not themselves in tokens.json", async () => {
    const text = await readFile(join(registry.stateDir, "tokens.json"), "utf8");
    expect(text).not.toContain(registry.adminToken);
    expect(text).not.toContain(registry.proxyToken);
  });

  it("are asked for, and refused by code when missing, malformed or unknown", async () => {
    expect(await registry.call("GET", "/v1/filters", { token: null })).toMatchObject({
      status: 401,
      json: { code: "SLUICE-E3001" },
    });
    expect(
      await registry.call("GET", "/v1/filters", { token: null, headers: { authorization: "Basic YTpi" } }),
    ).toMatchObject({ status: 401, json: { code: "SLUICE-E3001" } });
    expect(await registry.call("GET", "/v1/filters", { token: "sluice_wrong" })).toMatchObject({
      status: 401,
      json: { code: "SLUICE-E3002" },
    });
  });

  it("stop being valid when they leave tokens.json, and stay valid while the file is broken", async () => {
    await using other = await TestRegistry.start();
    const file = join(other.stateDir, "tokens.json");
    const whole = await readFile(file, "utf8");
    await writeFile(file, `${whole.slice(0, 20)}`);
    expect((await other.call("GET", "/v1/filters")).status).toBe(200);
    const document = JSON.parse(whole) as { tokens: { name: string }[] };
    await writeFile(
      file,
      JSON.stringify({ ...document, tokens: document.tokens.filter(({ name }) => name !== "admin") }),
    );
    expect((await other.call("GET", "/v1/filters")).status).toBe(401);
  });
});

const CALLS: readonly { readonly method: string; readonly path: string; readonly roles: readonly Role[] }[] = [
  { method: "GET", path: "/v1/filters", roles: ["viewer", "author", "approver", "operator", "admin"] },
  { method: "GET", path: "/v1/filters/none/versions", roles: ["viewer", "author", "approver", "operator", "admin"] },
  { method: "PUT", path: "/v1/filters/none/versions", roles: ["author", "admin"] },
  { method: "PUT", path: "/v1/filters/none/tags/v1", roles: ["author", "admin"] },
  { method: "GET", path: `/v1/blobs/sha256:${"0".repeat(64)}`, roles: ROLES },
  { method: "GET", path: "/v1/deployments", roles: ["viewer", "author", "approver", "operator", "admin"] },
  { method: "GET", path: "/v1/deployments/none/history", roles: ["viewer", "author", "approver", "operator", "admin"] },
  { method: "PUT", path: "/v1/deployments/none", roles: ["operator", "admin"] },
  { method: "POST", path: "/v1/deployments/none/rollback", roles: ["operator", "admin"] },
  { method: "GET", path: "/v1/proxies", roles: ["viewer", "author", "approver", "operator", "admin"] },
  // Protocol 0 is refused once the role has passed, so that no stream stays open here.
  { method: "GET", path: "/v1/watch?node=p&protocol=0", roles: ["proxy", "admin"] },
  { method: "POST", path: "/v1/proxies/p/status", roles: ["proxy", "admin"] },
  { method: "GET", path: "/v1/session", roles: ROLES },
  { method: "GET", path: "/v1/openapi.json", roles: ROLES },
];

describe("roles", () => {
  it.each(CALLS)("let only $roles call $method $path", async ({ method, path, roles }) => {
    for (const role of ROLES) {
      const { status, json } = await registry.call(method, path, { token: tokenOf(role) });
      const isRefused = status === 403 && json["code"] === "SLUICE-E3003";
      expect({ role, isRefused }).toEqual({ role, isRefused: !roles.includes(role) });
    }
  });
});

describe("Host and Origin", () => {
  it("refuse a call under a foreign name", async () => {
    expect(await rawCall({ host: "evil.test" })).toEqual({ status: 403, code: "SLUICE-E3004" });
  });

  it("refuse a page of another site, even on public paths", async () => {
    expect(await rawCall({ origin: "http://evil.test" })).toEqual({ status: 403, code: "SLUICE-E3005" });
    expect(await rawCall({ origin: "http://evil.test" }, "/")).toEqual({ status: 403, code: "SLUICE-E3005" });
    expect(await rawCall({ "sec-fetch-site": "cross-site" })).toEqual({ status: 403, code: "SLUICE-E3005" });
  });

  it("let our own page call", async () => {
    expect((await rawCall({ origin: registry.url, "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
});

/** With headers that fetch does not let a program set. */
function rawCall(headers: Record<string, string>, path = "/v1/filters"): Promise<{ status: number; code?: string }> {
  return new Promise((resolve, reject) => {
    const authorization = `Bearer ${registry.adminToken}`;
    const call = request(registry.url + path, { headers: { authorization, ...headers } }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const { code } = JSON.parse(text) as { code?: string };
        resolve(code === undefined ? { status: response.statusCode! } : { status: response.statusCode!, code });
      });
    });
    call.on("error", reject);
    call.end();
  });
}

describe("a console session", () => {
  it("is opened by a token and travels in a cookie no script or other site gets", async () => {
    const cookie = (await openSession(tokenOf("viewer"))).headers.get("set-cookie")!;
    for (const word of ["HttpOnly", "SameSite=Strict", "Path=/"]) expect(cookie).toContain(word);
    expect(cookie).not.toContain("Secure");
    const who = await registry.call("GET", "/v1/session", { token: null, headers: { cookie: cookie.split(";")[0]! } });
    expect(who.json).toEqual({ name: "viewer-1", role: "viewer", acts: ["read", "readBlob"] });
  });

  it("tells which acts its role may do", async () => {
    const acts = async (role: Role): Promise<unknown> =>
      (await registry.call("GET", "/v1/session", { token: tokenOf(role) })).json["acts"];
    expect(await acts("operator")).toContain("deploy");
    expect(await acts("operator")).not.toContain("push");
    expect(await acts("author")).toEqual(expect.arrayContaining(["push", "tag"]));
  });

  it("is marked Secure when the page came over TLS", async () => {
    const answer = await openSession(tokenOf("viewer"), { origin: registry.url.replace("http:", "https:") });
    expect(answer.headers.get("set-cookie")).toContain("Secure");
  });

  it("is refused to a wrong token", async () => {
    expect(await openSession("sluice_wrong")).toMatchObject({ status: 401, json: { code: "SLUICE-E3002" } });
  });

  it("changes nothing without the header that other sites cannot send", async () => {
    const cookie = (await openSession(tokenOf("operator"))).headers.get("set-cookie")!.split(";")[0]!;
    const rollback = (headers: Record<string, string>): Promise<{ status: number; json: Record<string, unknown> }> =>
      registry.call("POST", "/v1/deployments/none/rollback", {
        token: null,
        body: '{"slot":"a"}',
        headers: { cookie, ...headers },
      });
    expect(await rollback({})).toMatchObject({ status: 403, json: { code: "SLUICE-E3006" } });
    expect(await rollback({ [SESSION_HEADER]: "1" })).toMatchObject({ status: 404, json: { code: "SLUICE-E3050" } });
  });

  it("ends when it is closed", async () => {
    const cookie = (await openSession(tokenOf("viewer"))).headers.get("set-cookie")!.split(";")[0]!;
    const headers = { cookie, [SESSION_HEADER]: "1" };
    expect((await registry.call("DELETE", "/v1/session", { token: null, headers })).status).toBe(204);
    expect((await registry.call("GET", "/v1/session", { token: null, headers })).status).toBe(401);
  });
});

function openSession(token: string, headers: Record<string, string> = {}): ReturnType<TestRegistry["call"]> {
  return registry.call("POST", "/v1/session", { token: null, body: JSON.stringify({ token }), headers });
}

describe("every answer", () => {
  it("carries the headers that keep a page from being framed or fed scripts", async () => {
    for (const path of ["/", "/v1/filters", "/v1/nothing"]) {
      const { headers } = await registry.call("GET", path);
      expect(headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});
