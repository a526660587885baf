// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

export class Config extends Decodable {
  /** Paths that begin with one of these are denied. */
  closed: string[] = ["/internal/"];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "closed") {
        json.once(0);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        this.closed = items0;
      } else json.refuseKey("closed");
    }
  }
}
