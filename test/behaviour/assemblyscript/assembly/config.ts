// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

export class Config extends Decodable {
  label: string = "";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "label") {
        json.once(0);
        this.label = json.string();
      } else json.refuseKey("label");
    }
    json.require(0, "label");
  }
}
