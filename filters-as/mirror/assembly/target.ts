// One target of the configuration: which requests are copied to it, and how.

import {
  Conditions,
  KeyPart,
  KeyState,
  MirrorFlags,
  Patterns,
  Share,
  Text,
  Value,
  asciiUpperCase,
  log,
} from "@sluice/sdk-filter/assembly";
import { Target as TargetConfig } from "./config";

const PATH: string = "request.url_path";

@final
export class Target {
  readonly cluster: Text;
  /** Bits of MirrorFlags. */
  flags: u32 = 0;
  private readonly methods: Patterns = new Patterns();
  private readonly when: Conditions = new Conditions();
  private by: KeyPart | null = null;
  private readonly share: Share;

  constructor(config: TargetConfig) {
    this.cluster = Text.of(config.cluster);
    // Each cluster draws for itself: two shares of 10 % are not the same tenth of the requests.
    this.share = new Share(config.percent, config.cluster);
  }

  /** False, with every reason logged, when something cannot be used. */
  compile(config: TargetConfig, place: string): bool {
    let usable = true;
    if (!(config.percent > 0 && config.percent <= 100))
      usable = refuse(place + ".percent", "above 0 and at most 100 is expected");
    this.by = KeyPart.parse(config.by);
    if (this.by === null)
      usable = refuse(place + ".by", "header:NAME, cookie:NAME, attribute:NAME or source is expected");
    for (let i = 0; i < config.methods.length; i++) {
      const method = config.methods[i];
      if (method != asciiUpperCase(method) || !this.methods.add(method))
        usable = refuse(`${place}.methods[${i}]`, "a method in upper case or '*' is expected");
    }
    this.methods.freeze();
    if (config.paths.length > 0 && !this.when.add(place + ".paths", PATH, config.paths, [])) usable = false;
    for (let i = 0; i < config.when.length; i++) {
      const when = config.when[i];
      if (!this.when.add(`${place}.when[${i}]`, when.attribute, when.values, when.notValues)) usable = false;
    }
    if (config.keepCredentials) this.flags |= MirrorFlags.KeepCredentials;
    if (config.compare) this.flags |= MirrorFlags.Compare;
    if (config.withoutBody) this.flags |= MirrorFlags.WithoutBody;
    return usable;
  }

  /** Is the request at hand copied here? Who has no key, or several, is in no share. */
  takes(method: Value): bool {
    if (!this.methods.matches(method) || !this.when.hold()) return false;
    if (this.share.isAll) return true;
    const by = this.by!;
    return by.read() == KeyState.Present && this.share.contains(by.value);
  }
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}
