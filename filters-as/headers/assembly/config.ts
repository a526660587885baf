// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** Rules, all of which are applied in their order. */
export class Config extends Decodable {
  rules: Rule[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "rules") {
        json.once(0);
        const items0: Rule[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Rule;
          const object1 = new Rule();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.rules = items0;
      } else json.refuseKey("rules");
    }
    json.require(0, "rules");
  }
}

export class Rule extends Decodable {
  /** All of them, looked at when the request arrives. Absent means every request. */
  when: When[] = [];
  /** First remove, then set, then add. */
  request: Changes | null = null;
  /** First remove, then set, then add. */
  response: Changes | null = null;

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "when") {
        json.once(0);
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
      } else if (json.key == "request") {
        json.once(1);
        const object0 = new Changes();
        object0.decode(json);
        this.request = object0;
      } else if (json.key == "response") {
        json.once(2);
        const object0 = new Changes();
        object0.decode(json);
        this.response = object0;
      } else json.refuseKey("when, request, response");
    }
  }
}

export class When extends Decodable {
  /** request.method, request.headers[x-role], … */
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

/** First remove, then set, then add. */
export class Changes extends Decodable {
  /** Every line of these names. */
  remove: string[] = [];
  /** One line in the place of all of that name. */
  set_: Field[] = [];
  /** A further line. */
  add: Field[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "remove") {
        json.once(0);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.remove = items0;
      } else if (json.key == "set") {
        json.once(1);
        const items0: Field[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Field;
          const object1 = new Field();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.set_ = items0;
      } else if (json.key == "add") {
        json.once(2);
        const items0: Field[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Field;
          const object1 = new Field();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.add = items0;
      } else json.refuseKey("remove, set, add");
    }
  }
}

export class Field extends Decodable {
  name: string = "";
  /** Text, with attributes as ${source.address}; $$ is a dollar sign. */
  value: string = "";

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "name") {
        json.once(0);
        this.name = json.string();
      } else if (json.key == "value") {
        json.once(1);
        this.value = json.string();
      } else json.refuseKey("name, value");
    }
    json.require(0, "name");
    json.require(1, "value");
  }
}
