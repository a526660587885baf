// Who may call the admin port: the tokens of the state folder. Read at each call, so that a changed file counts at once;
// an admin call is rare enough for that.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Roles whose bearers may change a proxy; every role but `proxy` may read. */
const CHANGING_ROLES = ["operator", "admin"];

export class AdminTokens {
  private readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  /**
   * Makes `admin.token` (mode 0600) when the folder has no tokens at all: a proxy that shares no folder with a registry
   * has its own. Where a registry starts beside it, whoever comes last wins whole: a link is made only where no file is,
   * and the registry puts its own in place by renaming.
   */
  ensure(): void {
    if (existsSync(join(this.stateDir, "tokens.json"))) return;
    const aside = join(this.stateDir, `admin.token.${process.pid}`);
    writeFileSync(aside, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
    try {
      linkSync(aside, join(this.stateDir, "admin.token"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(aside);
    }
  }

  /** The token's name when its bearer may do this, else null. */
  bearerOf(token: string, act: "read" | "change"): string | null {
    const hash = createHash("sha256").update(token).digest();
    const own = this.read("admin.token")?.trim();
    if (own !== undefined && own !== "" && timingSafeEqual(createHash("sha256").update(own).digest(), hash))
      return "admin";
    const known = this.known().get(hash.toString("hex"));
    if (known === undefined) return null;
    const isAllowed = act === "read" ? known.role !== "proxy" : CHANGING_ROLES.includes(known.role);
    return isAllowed ? known.name : null;
  }

  /** Tokens by hash, of the registry that shares the folder; none when there is no such file. */
  private known(): Map<string, { readonly name: string; readonly role: string }> {
    try {
      const { tokens } = JSON.parse(this.read("tokens.json") ?? '{"tokens":[]}') as {
        tokens: { sha256: string; name: string; role: string }[];
      };
      return new Map(tokens.map(({ sha256, name, role }) => [sha256.replace(/^sha256:/, ""), { name, role }]));
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
