// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** Every limit that is for a request must have room for it; it then costs all of them, else none. */
export class Config extends Decodable {
  limits: Limit[] = [];
  /** On which answers RateLimit and RateLimit-Policy stand. */
  fields: string = "refused";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "limits") {
        json.once(0);
        const items0: Limit[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Limit;
          const object1 = new Limit();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.limits = items0;
      } else if (json.key == "fields") {
        json.once(1);
        this.fields = json.word("refused, always, never");
      } else json.refuseKey("limits, fields");
    }
    json.require(0, "limits");
  }
}

export class Limit extends Decodable {
  /** Names the limit in reasons and fields, and its buckets. The quota's name when absent. */
  name: string = "";
  /** A quota of the deployment. */
  quota: string = "";
  /** Each combination has a bucket: header:x-user, cookie:session, attribute:NAME, source, route, path, constant:TEXT. Absent: one for all. */
  by: string[] = [];
  /** The classes that `path` means; the longest prefix wins, what has none is a class too. */
  paths: PathClass[] = [];
  /** The limit is for requests for which all of them hold. Absent means every request. */
  when: When[] = [];
  /** What a request costs. */
  amount: i32 = 1;
  /** A request that lacks a part of `by`: shares one bucket with all that lack it, costs nothing, or is denied. */
  ifAbsent: string = "shared";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "name") {
        json.once(0);
        this.name = json.string();
      } else if (json.key == "quota") {
        json.once(1);
        this.quota = json.string();
      } else if (json.key == "by") {
        json.once(2);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        this.by = items0;
      } else if (json.key == "paths") {
        json.once(3);
        const items0: PathClass[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: PathClass;
          const object1 = new PathClass();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.paths = items0;
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
      } else if (json.key == "amount") {
        json.once(5);
        this.amount = <i32>json.integer(1, 1000000);
      } else if (json.key == "ifAbsent") {
        json.once(6);
        this.ifAbsent = json.word("shared, skip, deny");
      } else json.refuseKey("name, quota, by, paths, when, amount, ifAbsent");
    }
    json.require(1, "quota");
  }
}

export class PathClass extends Decodable {
  prefix: string = "";
  class_: string = "";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "prefix") {
        json.once(0);
        this.prefix = json.string();
      } else if (json.key == "class") {
        json.once(1);
        this.class_ = json.string();
      } else json.refuseKey("prefix, class");
    }
    json.require(0, "prefix");
    json.require(1, "class");
  }
}

export class When extends Decodable {
  /** request.method, xds.route_name, … */
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
