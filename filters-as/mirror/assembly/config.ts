// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** A request is copied to every target that takes it. */
export class Config extends Decodable {
  targets: Target[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "targets") {
        json.once(0);
        const items0: Target[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Target;
          const object1 = new Target();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.targets = items0;
      } else json.refuseKey("targets");
    }
    json.require(0, "targets");
  }
}

export class Target extends Decodable {
  /** A cluster of the proxy. */
  cluster: string = "";
  /** Of the requests it takes. */
  percent: f64 = 100;
  /** What the share is drawn by: header:x-user, cookie:session, attribute:NAME or source. */
  by: string = "attribute:request.id";
  /** Others change things, and a copy changes them twice. [*] is every method. */
  methods: string[] = ["GET","HEAD","OPTIONS"];
  /** All of them. Absent means every request. */
  when: When[] = [];
  /** Compared without the query: /a, /a*, *.php. Absent means every path. */
  paths: string[] = [];
  /** Write status and time of the copy's answer to the record. */
  compare: bool = false;
  /** The copy has no body. */
  withoutBody: bool = false;
  /** Copy authorization, cookie, proxy-authorization and x-api-key. */
  keepCredentials: bool = false;

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "cluster") {
        json.once(0);
        this.cluster = json.string();
      } else if (json.key == "percent") {
        json.once(1);
        this.percent = json.number();
      } else if (json.key == "by") {
        json.once(2);
        this.by = json.string();
      } else if (json.key == "methods") {
        json.once(3);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.methods = items0;
      } else if (json.key == "when") {
        json.once(4);
        const items0: When[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: When;
          const object1 = new When();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.when = items0;
      } else if (json.key == "paths") {
        json.once(5);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.paths = items0;
      } else if (json.key == "compare") {
        json.once(6);
        this.compare = json.boolean();
      } else if (json.key == "withoutBody") {
        json.once(7);
        this.withoutBody = json.boolean();
      } else if (json.key == "keepCredentials") {
        json.once(8);
        this.keepCredentials = json.boolean();
      } else json.refuseKey("cluster, percent, by, methods, when, paths, compare, withoutBody, keepCredentials");
    }
    json.require(0, "cluster");
  }
}

export class When extends Decodable {
  /** request.url_path, request.headers[x-beta], … */
  attribute: string = "";
  /** abc, abc*, *abc or * */
  values: string[] = [];
  notValues: string[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "attribute") {
        json.once(0);
        this.attribute = json.string();
      } else if (json.key == "values") {
        json.once(1);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.values = items0;
      } else if (json.key == "notValues") {
        json.once(2);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notValues = items0;
      } else json.refuseKey("attribute, values, notValues");
    }
    json.require(0, "attribute");
  }
}
