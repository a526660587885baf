// A first filter: denies by path.
import { Attribute, Filter, NoConfig, Text, Verdict, filter } from "@sluice/sdk-filter/assembly";
export * from "@sluice/sdk-filter/assembly/exports";

const ADMIN: Text = Text.of("/admin");

class Rbac extends Filter<NoConfig> {
  path: Attribute = Attribute.of("request.url_path");

  check(): Verdict {
    return this.path.startsWith(ADMIN) ? this.deny("no-admin") : Verdict.Allow;
  }
}
filter<Rbac>();
