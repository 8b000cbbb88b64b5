/** The assignments of a program that is walked without being run: to its variables, to what it made, and to the agent. */

import type * as Acorn from "acorn";
import { Expressions } from "./expressions.ts";
import { isPrimitive, murky, operate, setMember, unforeseen, type Value } from "./pure.ts";
import { changes, grown, type Scope } from "./words.ts";

/** A variable, or a property of a value. */
type Target = { variable: { value: Value; constant: boolean } } | { owner: Value; key: string | number };

/** Whether a name or a chain of properties can be evaluated twice: no call or assignment is in it. */
function isSimple(node: Acorn.Node): boolean {
  if (node.type !== "MemberExpression") return node.type === "Identifier";
  const { object, property, computed } = node as Acorn.MemberExpression;
  return isSimple(object) && (!computed || property.type === "Literal" || property.type === "Identifier");
}

/** Interprets assignments. */
export abstract class Assignments extends Expressions {
  /** Of members that are certain to grow or to shrink: 1 or -1. */
  protected readonly ways = new Map<string, number>();

  /** What an assignment is made to; its parts are evaluated once, and before what is assigned. */
  protected target(node: Acorn.Node, scope: Scope): Target {
    if (node.type === "Identifier") {
      const variable = scope.find(this.wording.word((node as Acorn.Identifier).name));
      if (variable === undefined) throw unforeseen;
      return { variable };
    }
    if (node.type !== "MemberExpression") throw unforeseen;
    const member = node as Acorn.MemberExpression;
    return { owner: this.value(member.object, scope), key: this.key(member, scope) };
  }

  protected read(target: Target): Value {
    this.spend();
    return "variable" in target ? target.variable.value : this.get(target.owner, target.key);
  }

  protected write(target: Target, value: Value): Value {
    const place = this.placeOf(target);
    if (place !== null) this.writes.set(place, value);
    else if (!("variable" in target)) setMember(target.owner, target.key, value);
    else if (target.variable.constant) throw unforeseen;
    else target.variable.value = value;
    return value;
  }

  protected placeOf(target: Target): string | null {
    return "variable" in target ? null : this.place(target.owner, target.key);
  }

  protected assign({ operator, left, right }: Acorn.AssignmentExpression, scope: Scope): Value {
    const added = operator === "=" && right.type === "BinaryExpression" ? this.added(left, right, scope) : null;
    if (added !== null) return added;
    const target = this.target(left, scope);
    if (operator === "=") return this.write(target, this.value(right, scope));
    if (operator !== "+=" && operator !== "-=" && operator !== "*=" && operator !== "/=") throw unforeseen;
    const before = this.read(target);
    const by = this.value(right, scope);
    if (before === murky) return this.grow(target, operator[0]!, by);
    return this.write(target, operate(operator[0]!, before, by));
  }

  /** `place++`, whose value is a number, also where a text stood. */
  protected count({ operator, argument, prefix }: Acorn.UpdateExpression, scope: Scope): Value {
    const target = this.target(argument, scope);
    const before = this.read(target);
    const sign = operator === "++" ? "+" : "-";
    if (before === murky) return this.grow(target, sign, 1);
    if (!isPrimitive(before)) throw unforeseen;
    const after = this.write(target, operate(sign, Number(before), 1));
    return prefix ? after : Number(before);
  }

  /**
   * Changes by a number what may have been anything. That it is another then is certain where the program has not touched it
   * before, or has moved it the same way: else it may be back where it was.
   */
  protected grow(target: Target, operator: string, by: Value): Value {
    const place = this.placeOf(target);
    const size = changes(by) ? Math.sign(by as number) : 0;
    const way = operator === "+" ? size : operator === "-" ? -size : 0;
    const isFirst = place !== null && !this.writes.has(place);
    const goesOn = place !== null && this.writes.get(place) === grown && this.ways.get(place) === way;
    const isCertain = way !== 0 && (isFirst || goesOn);
    this.write(target, isCertain ? grown : murky);
    if (isCertain) this.ways.set(place!, way);
    return murky;
  }

  /** `place = place + number`, also with `(place ?? number)`: see `grow`. Null for another form. */
  protected added(left: Acorn.Node, right: Acorn.BinaryExpression, scope: Scope): Value | null {
    const first = right.left;
    const from = first.type === "LogicalExpression" && first.right.type === "Literal" ? first.left : first;
    if (left.type !== "MemberExpression" || from.type !== "MemberExpression") return null;
    if (!"+-".includes(right.operator) || !isSimple(left) || !isSimple(from)) return null;
    const [target, other] = [this.target(left, scope), this.target(from, scope)];
    const place = this.placeOf(target);
    if (place === null || this.placeOf(other) !== place || this.value(first, scope) !== murky) return null;
    return this.grow(target, right.operator, this.value(right.right, scope));
  }
}
