/** The statements of a program that is walked without being run. */

import type * as Acorn from "acorn";
import { Assignments } from "./assignments.ts";
import type { Left } from "./expressions.ts";
import { isTrue, unforeseen } from "./pure.ts";
import { Scope } from "./words.ts";

/** Operations of one round of a counting loop: its test has three, `i++` two, and its body one or more. */
const leastOperations = 6;
/** Levels of a loop's body that are looked through: a deeper one is taken for one that may. */
const deepestBody = 40;

/** Whether a loop's body may end the loop early, or change the variable that it counts by. */
function canLeave(node: unknown, name: string, deep = 0): boolean {
  if (typeof node !== "object" || node === null) return false;
  if (deep > deepestBody) return true;
  const { type, left, argument } = node as { type?: string; left?: Acorn.Node; argument?: Acorn.Node };
  switch (type) {
    case "BreakStatement":
    case "ReturnStatement":
    case "CallExpression":
      return true;
    case "AssignmentExpression":
    case "UpdateExpression": {
      const target = (type === "UpdateExpression" ? argument : left) as Acorn.Identifier;
      if (target.type === "Identifier" && target.name === name) return true;
    }
  }
  return Object.values(node).some((one) => canLeave(one, name, deep + 1));
}

/** Interprets one program. */
export class Interpreter extends Assignments {
  /** Throws `unforeseen` unless every statement is understood. */
  run(program: Acorn.Program): void {
    const left = this.all(program.body as Acorn.Statement[], this.top);
    if (left !== null && left.why !== "return") throw unforeseen;
  }

  protected all(list: readonly Acorn.Statement[], scope: Scope): Left {
    for (const node of list)
      if (node.type === "FunctionDeclaration")
        scope.declare(this.wording.word(node.id.name), this.closure(node, scope), "let");
    for (const node of list) {
      const left = this.statement(node, scope);
      if (left !== null) return left;
    }
    return null;
  }

  protected statement(node: Acorn.Statement, scope: Scope): Left {
    this.spend();
    switch (node.type) {
      case "ExpressionStatement":
        this.value(node.expression, scope);
        return null;
      case "EmptyStatement":
      case "FunctionDeclaration":
        return null;
      case "VariableDeclaration":
        this.declarations(node, scope);
        return null;
      case "BlockStatement":
        return this.all(node.body, new Scope(scope, false));
      case "IfStatement": {
        const branch = isTrue(this.value(node.test, scope)) ? node.consequent : node.alternate;
        return branch ? this.statement(branch, scope) : null;
      }
      case "ReturnStatement":
        return { why: "return", value: node.argument ? this.value(node.argument, scope) : undefined };
      case "BreakStatement":
      case "ContinueStatement":
        if (node.label) throw unforeseen;
        return { why: node.type === "BreakStatement" ? "break" : "continue" };
      case "TryStatement": {
        const left = this.statement(node.block, scope);
        return (node.finalizer && this.statement(node.finalizer, scope)) ?? left;
      }
      case "ForStatement":
        return this.for(node, scope);
      case "ForOfStatement":
        return this.forOf(node, scope);
      case "WhileStatement":
        return this.loop(scope, { test: node.test, body: node.body });
      default:
        throw unforeseen;
    }
  }

  protected declarations(node: Acorn.VariableDeclaration, scope: Scope): void {
    for (const { id, init } of node.declarations) {
      if (id.type !== "Identifier") throw unforeseen;
      const name = this.wording.word(id.name);
      // A variable of the function that is declared again keeps its value, in each round of a loop as well.
      if (!init && node.kind === "var" && scope.ofFunction().names.has(name)) continue;
      scope.declare(name, init ? this.value(init, scope) : undefined, node.kind);
    }
  }

  protected for({ init, test, update, body }: Acorn.ForStatement, scope: Scope): Left {
    const inner = new Scope(scope, false);
    if (init?.type === "VariableDeclaration") this.declarations(init, inner);
    else if (init) this.value(init, inner);
    return this.loop(inner, { test: test ?? null, update: update ?? null, body });
  }

  protected loop(
    scope: Scope,
    parts: { test: Acorn.Expression | null; update?: Acorn.Expression | null; body: Acorn.Statement },
  ): Left {
    let now = scope;
    if (parts.test && parts.update && this.outlasts(parts.test, parts.update, parts.body, scope)) throw unforeseen;
    while (!parts.test || isTrue(this.value(parts.test, now))) {
      const left = this.statement(parts.body, now);
      if (left?.why === "return") return left;
      if (left?.why === "break") return null;
      // Each round of a `for` has its own variables, which a function made in it keeps.
      if (parts.update !== undefined && now.names.size > 0) {
        const next = new Scope(now.parent, false);
        for (const [name, { value, constant }] of now.names) next.names.set(name, { value, constant });
        now = next;
      }
      if (parts.update) this.value(parts.update, now);
    }
    return null;
  }

  /**
   * True for a loop that counts further than there are operations left: it is not begun, since it cannot be followed to its
   * end. Said only of `i < number; i++` around statements that leave `i` alone, call nothing and leave the loop nowhere.
   */
  protected outlasts(test: Acorn.Expression, update: Acorn.Expression, body: Acorn.Statement, scope: Scope): boolean {
    if (test.type !== "BinaryExpression" || test.operator !== "<" || test.right.type !== "Literal") return false;
    const { left, right } = test;
    if (update.type !== "UpdateExpression" || update.operator !== "++" || update.argument.type !== "Identifier")
      return false;
    const { name } = update.argument;
    if (left.type !== "Identifier" || left.name !== name || typeof right.value !== "number") return false;
    const from = scope.find(this.wording.word(name))?.value;
    if (typeof from !== "number") return false;
    return (this.wording.number(right.value) - from) * leastOperations > this.left && !canLeave(body, name);
  }

  protected forOf({ left: target, right, body, await: waits }: Acorn.ForOfStatement, scope: Scope): Left {
    const list = this.value(right, scope);
    if (waits || !Array.isArray(list) || target.type !== "VariableDeclaration") throw unforeseen;
    const { id } = target.declarations[0]!;
    if (id.type !== "Identifier") throw unforeseen;
    for (const one of [...list]) {
      const inner = new Scope(scope, false);
      inner.declare(this.wording.word(id.name), one, target.kind);
      const left = this.statement(body, inner);
      if (left?.why === "return") return left;
      if (left?.why === "break") return null;
    }
    return null;
  }
}
