// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** Whose pages may do what. */
export class Config extends Decodable {
  /** https://app.example.com, https://*.example.com for everything below, null, or * alone for all. */
  origins: string[] = [];
  /** Beyond GET, HEAD and POST, which need no leave. */
  methods: string[] = [];
  /** Request fields beyond those that need no leave. */
  headers: string[] = [];
  /** Response fields that pages may read. */
  expose: string[] = [];
  /** Cookies and the like may be sent and the answers read. */
  credentials: bool = false;
  /** How long a browser may keep a preflight's answer: 5s to 24h. */
  maxAge: string = "5s";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "origins") {
        json.once(0);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.origins = items0;
      } else if (json.key == "methods") {
        json.once(1);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        this.methods = items0;
      } else if (json.key == "headers") {
        json.once(2);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        this.headers = items0;
      } else if (json.key == "expose") {
        json.once(3);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        this.expose = items0;
      } else if (json.key == "credentials") {
        json.once(4);
        this.credentials = json.boolean();
      } else if (json.key == "maxAge") {
        json.once(5);
        this.maxAge = json.string();
      } else json.refuseKey("origins, methods, headers, expose, credentials, maxAge");
    }
    json.require(0, "origins");
  }
}
