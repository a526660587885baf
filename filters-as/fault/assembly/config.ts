// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** A request meets the first fault that is for it, or none. */
export class Config extends Decodable {
  faults: Fault[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "faults") {
        json.once(0);
        const items0: Fault[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Fault;
          const object1 = new Fault();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.faults = items0;
      } else json.refuseKey("faults");
    }
    json.require(0, "faults");
  }
}

export class Fault extends Decodable {
  /** Names the fault in records and metrics. */
  name: string = "";
  /** All of them. Absent means every request. */
  when: When[] = [];
  /** Of those requests. */
  percent: f64 = 100;
  /** What the share is drawn by: header:x-user, cookie:session, attribute:NAME or source. */
  by: string = "attribute:request.id";
  /** 200ms, 1.5s; at most 1m. */
  delay: string = "";
  abort: Abort | null = null;

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "name") {
        json.once(0);
        this.name = json.string();
      } else if (json.key == "when") {
        json.once(1);
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
      } else if (json.key == "percent") {
        json.once(2);
        this.percent = json.number();
      } else if (json.key == "by") {
        json.once(3);
        this.by = json.string();
      } else if (json.key == "delay") {
        json.once(4);
        this.delay = json.string();
      } else if (json.key == "abort") {
        json.once(5);
        const object0 = new Abort();
        object0.decode(json);
        this.abort = object0;
      } else json.refuseKey("name, when, percent, by, delay, abort");
    }
    json.require(0, "name");
  }
}

export class When extends Decodable {
  /** request.url_path, request.headers[x-chaos], … */
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

export class Abort extends Decodable {
  status: i32 = 0;
  body: string = "";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "status") {
        json.once(0);
        this.status = <i32>json.integer(200, 599);
      } else if (json.key == "body") {
        json.once(1);
        this.body = json.string();
      } else json.refuseKey("status, body");
    }
    json.require(0, "status");
  }
}
