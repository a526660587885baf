// Who may call the admin port: the tokens of the state folder. Read at each call, so that a changed file counts at once;
// an admin call is rare enough for that.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Roles whose bearers may change a proxy; every role but `proxy` may read. */
const CHANGING_ROLES = ["operator", "admin"];

export class AdminTokens {
  private readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  /** Makes `admin.token` (mode 0600) when the folder has none: a proxy without a registry beside it has its own. */
  ensure(): void {
    try {
      writeFileSync(join(this.stateDir, "admin.token"), `${randomBytes(32).toString("base64url")}\n`, {
        flag: "wx",
        mode: 0o600,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }

  permits(token: string, act: "read" | "change"): boolean {
    const hash = createHash("sha256").update(token).digest();
    const own = this.read("admin.token")?.trim();
    if (own !== undefined && own !== "" && timingSafeEqual(createHash("sha256").update(own).digest(), hash))
      return true;
    const role = this.roles().get(hash.toString("hex"));
    if (role === undefined) return false;
    return act === "read" ? role !== "proxy" : CHANGING_ROLES.includes(role);
  }

  /** Roles by token hash, of the registry that shares the folder; none when there is no such file. */
  private roles(): Map<string, string> {
    try {
      const { tokens } = JSON.parse(this.read("tokens.json") ?? '{"tokens":[]}') as {
        tokens: { sha256: string; role: string }[];
      };
      return new Map(tokens.map(({ sha256, role }) => [sha256.replace(/^sha256:/, ""), role]));
    } catch {
      return new Map(); // unreadable: nobody gets in by it
    }
  }

  private read(file: string): string | undefined {
    try {
      return readFileSync(join(this.stateDir, file), "utf8");
    } catch {
      return undefined;
    }
  }
}
