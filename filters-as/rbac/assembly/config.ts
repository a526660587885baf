// Generated from the configuration schema in filter.yaml by the build. Change it there.

import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";

/** Policies. A DENY rule that matches denies; else, when there is any ALLOW policy, one of its rules must match. */
export class Config extends Decodable {
  policies: Policy[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "policies") {
        json.once(0);
        const items0: Policy[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Policy;
          const object1 = new Policy();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.policies = items0;
      } else json.refuseKey("policies");
    }
    json.require(0, "policies");
  }
}

export class Policy extends Decodable {
  /** Names the policy in reasons. */
  name: string = "";
  action: string = "";
  /** The policy matches when any rule does; an ALLOW policy without rules lets nothing pass. */
  rules: Rule[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "name") {
        json.once(0);
        this.name = json.string();
      } else if (json.key == "action") {
        json.once(1);
        this.action = json.word("ALLOW, DENY");
      } else if (json.key == "rules") {
        json.once(2);
        const items0: Rule[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: Rule;
          const object1 = new Rule();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        this.rules = items0;
      } else json.refuseKey("name, action, rules");
    }
    json.require(0, "name");
    json.require(1, "action");
  }
}

export class Rule extends Decodable {
  /** The reason of a denial; made from the policy's name when absent. */
  id: string = "";
  /** deny: the rule denies when it hangs on an attribute that is absent. */
  ifAbsent: string = "";
  /** Any of them. Absent means every source. */
  from_: From[] = [];
  /** Any of them. Absent means every operation. */
  to: To[] = [];
  /** All of them. */
  when: When[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "id") {
        json.once(0);
        this.id = json.string();
      } else if (json.key == "ifAbsent") {
        json.once(1);
        this.ifAbsent = json.word("deny");
      } else if (json.key == "from") {
        json.once(2);
        const items0: From[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: From;
          const object1 = new From();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.from_ = items0;
      } else if (json.key == "to") {
        json.once(3);
        const items0: To[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: To;
          const object1 = new To();
          object1.decode(json);
          item0 = object1;
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.to = items0;
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
      } else json.refuseKey("id, ifAbsent, from, to, when");
    }
  }
}

export class From extends Decodable {
  /** All fields that are given. */
  source: Source = new Source();

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "source") {
        json.once(0);
        const object0 = new Source();
        object0.decode(json);
        this.source = object0;
      } else json.refuseKey("source");
    }
    json.require(0, "source");
  }
}

/** All fields that are given. */
export class Source extends Decodable {
  /** Addresses or CIDR blocks. */
  ipBlocks: string[] = [];
  notIpBlocks: string[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "ipBlocks") {
        json.once(0);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.ipBlocks = items0;
      } else if (json.key == "notIpBlocks") {
        json.once(1);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notIpBlocks = items0;
      } else json.refuseKey("ipBlocks, notIpBlocks");
    }
  }
}

export class To extends Decodable {
  /** All fields that are given. */
  operation: Operation = new Operation();

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "operation") {
        json.once(0);
        const object0 = new Operation();
        object0.decode(json);
        this.operation = object0;
      } else json.refuseKey("operation");
    }
    json.require(0, "operation");
  }
}

/** All fields that are given. */
export class Operation extends Decodable {
  /** Without a port they match every port. */
  hosts: string[] = [];
  notHosts: string[] = [];
  ports: i32[] = [];
  notPorts: i32[] = [];
  methods: string[] = [];
  notMethods: string[] = [];
  /** Compared without the query: /a, /a*, *.php or *. */
  paths: string[] = [];
  notPaths: string[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "hosts") {
        json.once(0);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.hosts = items0;
      } else if (json.key == "notHosts") {
        json.once(1);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notHosts = items0;
      } else if (json.key == "ports") {
        json.once(2);
        const items0: i32[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: i32;
          item0 = <i32>json.integer(1, 65535);
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.ports = items0;
      } else if (json.key == "notPorts") {
        json.once(3);
        const items0: i32[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: i32;
          item0 = <i32>json.integer(1, 65535);
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notPorts = items0;
      } else if (json.key == "methods") {
        json.once(4);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.methods = items0;
      } else if (json.key == "notMethods") {
        json.once(5);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notMethods = items0;
      } else if (json.key == "paths") {
        json.once(6);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.paths = items0;
      } else if (json.key == "notPaths") {
        json.once(7);
        const items0: string[] = [];
        json.beginArray();
        while (json.nextItem()) {
          let item0: string;
          item0 = json.string();
          items0.push(item0);
        }
        if (items0.length < 1) json.fail("at least 1 expected");
        this.notPaths = items0;
      } else json.refuseKey("hosts, notHosts, ports, notPorts, methods, notMethods, paths, notPaths");
    }
  }
}

export class When extends Decodable {
  /** request.headers[NAME], source.ip or destination.port. */
  key: string = "";
  values: string[] = [];
  notValues: string[] = [];

  decode(json: JsonReader): void {
    json.beginObject();
    while (json.nextKey()) {
      if (json.key == "key") {
        json.once(0);
        this.key = json.string();
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
      } else json.refuseKey("key, values, notValues");
    }
    json.require(0, "key");
  }
}
