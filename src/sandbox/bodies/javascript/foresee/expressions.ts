/**
 * The expressions of a program that is walked without being run, as far as they are made of what `pure.ts` knows and of the
 * agent's own attributes. Bounded in operations and depth, since the text is a guest's.
 */

import type * as Acorn from "acorn";
import {
  callList,
  callMath,
  callText,
  isPrimitive,
  isTrue,
  memberOf,
  murky,
  operate,
  setMember,
  textOf,
  unforeseen,
  type Value,
} from "./pure.ts";
import {
  agent,
  asWritten,
  type Closure,
  globals,
  gone,
  grown,
  isClosure,
  json,
  jsonOf,
  literalOf,
  longestJson,
  math,
  output,
  Scope,
  state,
  type Wording,
  type Writes,
} from "./words.ts";

/** Operations of one program, and how deep they may nest. */
const [mostOperations, deepest] = [500, 120];

/** How a list of statements ended early. */
export type Left = { why: "return" | "break" | "continue"; value?: Value } | null;

/** Interprets expressions; `assignments.ts` adds those that change something, `interpret.ts` the statements. */
export abstract class Expressions {
  readonly writes: Writes = new Map();
  readonly top = new Scope(null, true);
  protected readonly absent: ReadonlySet<string>;
  protected readonly wording: Wording;
  /** For the JSON of its values. */
  readonly room = { left: longestJson };
  protected left = mostOperations;
  protected depth = 0;

  /** `absent`: attributes that the agent has not got, by member. */
  constructor(absent: ReadonlySet<string>, wording: Wording = asWritten) {
    this.absent = absent;
    this.wording = wording;
  }

  protected abstract all(list: readonly Acorn.Statement[], scope: Scope): Left;
  protected abstract assign(node: Acorn.AssignmentExpression, scope: Scope): Value;
  protected abstract count(node: Acorn.UpdateExpression, scope: Scope): Value;

  protected spend(): void {
    if (this.left-- <= 0) throw unforeseen;
  }

  protected value(node: Acorn.Expression | Acorn.PrivateIdentifier | Acorn.Super, scope: Scope): Value {
    this.spend();
    if (++this.depth > deepest) throw unforeseen;
    const value = this.expression(node, scope);
    this.depth--;
    return value;
  }

  protected expression(node: Acorn.Expression | Acorn.PrivateIdentifier | Acorn.Super, scope: Scope): Value {
    switch (node.type) {
      case "Literal":
        return literalOf(node, this.wording);
      case "TemplateLiteral": {
        const parts = node.expressions.map((one) => this.value(one, scope));
        if (parts.includes(murky)) return murky;
        return node.quasis.reduce((text, { value }, i) => {
          const next = i < parts.length ? textOf(parts[i]!) : "";
          return operate("+", text, this.wording.text(value.cooked ?? "") + next) as string;
        }, "");
      }
      case "Identifier":
        return this.named(this.wording.word(node.name), scope);
      case "ArrayExpression":
        return node.elements.map((one) => {
          if (one === null || one.type === "SpreadElement") throw unforeseen;
          return this.value(one, scope);
        });
      case "ObjectExpression":
        return this.object(node, scope);
      case "ArrowFunctionExpression":
      case "FunctionExpression":
        return this.closure(node, scope);
      case "UnaryExpression":
        return this.unary(node, scope);
      case "BinaryExpression":
        return operate(node.operator, this.value(node.left, scope), this.value(node.right, scope));
      case "LogicalExpression":
        return this.logical(node, scope);
      case "ConditionalExpression":
        return this.value(isTrue(this.value(node.test, scope)) ? node.consequent : node.alternate, scope);
      case "MemberExpression":
        return this.get(this.value(node.object, scope), this.key(node, scope));
      case "AssignmentExpression":
        return this.assign(node, scope);
      case "UpdateExpression":
        return this.count(node, scope);
      case "CallExpression":
        return this.call(node, scope);
      default:
        throw unforeseen;
    }
  }

  protected named(name: string, scope: Scope): Value {
    const found = scope.find(name);
    if (found !== undefined) return found.value;
    if (!globals.has(name)) throw unforeseen;
    return globals.get(name);
  }

  protected object(node: Acorn.ObjectExpression, scope: Scope): Value {
    const made: { [key: string]: Value } = Object.create(null);
    for (const part of node.properties) {
      if (part.type === "SpreadElement" || part.kind !== "init" || part.computed) throw unforeseen;
      const { word, text } = this.wording;
      const key =
        part.key.type === "Identifier" ? word(part.key.name) : text(String((part.key as Acorn.Literal).value));
      setMember(made, key, this.value(part.value, scope));
    }
    return made;
  }

  protected closure(node: Acorn.Function, scope: Scope): Closure {
    return { opaque: "function", node, scope };
  }

  protected unary({ operator, argument }: Acorn.UnaryExpression, scope: Scope): Value {
    if (operator === "delete") {
      if (argument.type !== "MemberExpression") throw unforeseen;
      const place = this.place(this.value(argument.object, scope), this.key(argument, scope));
      if (place === null) throw unforeseen;
      this.writes.set(place, gone);
      return true;
    }
    const value = this.value(argument, scope);
    if (value === murky) return murky;
    if (operator === "!") return !isTrue(value);
    if (!isPrimitive(value)) throw unforeseen;
    if (operator === "-") return -(value as number);
    if (operator === "+") return Number(value);
    if (operator === "typeof") return value === null ? "object" : typeof value;
    throw unforeseen;
  }

  protected logical({ operator, left, right }: Acorn.LogicalExpression, scope: Scope): Value {
    const value = this.value(left, scope);
    if (value === murky) {
      // Either side may be it, so the other must have no effect of its own.
      if (right.type !== "Literal" && right.type !== "ArrayExpression") throw unforeseen;
      return murky;
    }
    const goesOn = operator === "??" ? value == null : isTrue(value) === (operator === "&&");
    return goesOn ? this.value(right, scope) : value;
  }

  protected key({ property, computed }: Acorn.MemberExpression, scope: Scope): string | number {
    if (!computed && property.type === "Identifier") return this.wording.word(property.name);
    const key = computed ? this.value(property, scope) : null;
    if (typeof key !== "string" && typeof key !== "number") throw unforeseen;
    return key;
  }

  /** The member that a property is; null for one that is not the agent's. */
  protected place(owner: Value, key: string | number): string | null {
    if (owner === state && key !== "__proto__") return String(key);
    if (owner !== agent) return null;
    if (key === "state" || key === "__proto__") throw unforeseen;
    return `self.${key}`;
  }

  protected get(owner: Value, key: string | number): Value {
    if (owner === math && (key === "PI" || key === "E")) return Math[key];
    if (owner === agent && key === "state") return state!;
    const place = this.place(owner, key);
    if (place === null) return memberOf(owner, key);
    const written = this.writes.get(place);
    if (written === gone || (written === undefined && !this.writes.has(place) && this.absent.has(place)))
      return undefined;
    return written === grown || !this.writes.has(place) ? murky : (written as Value);
  }

  protected call({ callee, arguments: list, optional }: Acorn.CallExpression, scope: Scope): Value {
    if (optional || list.some(({ type }) => type === "SpreadElement")) throw unforeseen;
    const owner = callee.type === "MemberExpression" ? this.value(callee.object, scope) : null;
    const given = (): Value[] => list.map((one) => this.value(one as Acorn.Expression, scope));
    if (callee.type !== "MemberExpression") return this.invoke(this.value(callee, scope), given());
    const key = this.key(callee, scope);
    if (owner === output && key === "log") {
      given();
      return undefined;
    }
    if (owner === math) return callMath(String(key), given());
    if (owner === json && key === "stringify") {
      const [value, ...more] = given();
      if (more.length > 0 || value === murky) throw unforeseen;
      return jsonOf(value, this.room);
    }
    if (typeof owner === "string") return callText(owner, String(key), given());
    if (Array.isArray(owner))
      return callList(owner, String(key), given(), (value) => (more) => this.invoke(value, more));
    return this.invoke(this.get(owner, key), given());
  }

  protected invoke(value: Value, given: readonly Value[]): Value {
    if (!isClosure(value)) throw unforeseen;
    const { node, scope } = value;
    if (node.async || node.generator) throw unforeseen;
    if (++this.depth > deepest) throw unforeseen;
    const inner = new Scope(scope, true);
    for (const [i, parameter] of node.params.entries()) {
      if (parameter.type !== "Identifier") throw unforeseen;
      inner.declare(this.wording.word(parameter.name), given[i], "let");
    }
    const { body } = node;
    // A body without statements would cost nothing, and a list's method calls it a thousand times.
    if (body.type === "BlockStatement" && body.body.length === 0) this.spend();
    const result =
      body.type === "BlockStatement" ? this.all(body.body, inner)?.value : this.value(body as Acorn.Expression, inner);
    this.depth--;
    return result;
  }
}
