import ts from 'typescript';

/** A change at one place of a file. A test should fail with it. */
export interface Mutant {
  /** Counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The replacement of each operator. A comparison of order changes at its boundary, another operator becomes its
 * opposite.
 */
const OPERATORS: Readonly<Record<string, string>> = {
  ...{ '===': '!==', '!==': '===', '<': '<=', '<=': '<', '>': '>=', '>=': '>' },
  ...{ '&&': '||', '||': '&&', '+': '-', '-': '+', '*': '/', '/': '*' },
};

const OPPOSITES: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.PrefixUnaryExpression,
]);

/** Returns every mutant of a file. Types, imports and texts do not change. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const put = (start: number, end: number, text: string): void => {
    mutants.push({ line: tree.getLineAndCharacterOfPosition(start).line + 1, start, end, text });
  };
  const replace = (node: ts.Node, text: string): void => put(node.getStart(), node.getEnd(), text);
  const negate = (condition: ts.Expression): void => {
    // An equality test or a `!` needs no negation, because `visit` already mutates its operator.
    const { kind } = ts.isBinaryExpression(condition) ? condition.operatorToken : condition;
    if (!OPPOSITES.has(kind)) replace(condition, `!(${condition.getText()})`);
  };

  function visit(node: ts.Node): void {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
      negate(ts.isIfStatement(node) ? node.expression : node.condition);
    } else if (ts.isBinaryExpression(node)) {
      const { left, operatorToken, right } = node;
      const other = OPERATORS[operatorToken.getText()];
      // The parentheses are needed: `&&` and `||` bind differently, and neither may stand beside `??`.
      if (other !== undefined) replace(node, `((${left.getText()}) ${other} (${right.getText()}))`);
      else if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) replace(node, `(${left.getText()})`);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      replace(node, node.operand.getText());
    } else if (ts.isNumericLiteral(node)) {
      // A key, as in `{ 200: 'OK' }`, is not an expression.
      if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) return;
      replace(node, `(${node.getText()} + 1)`);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
      replace(node, `${node.kind !== ts.SyntaxKind.TrueKeyword}`);
    } else if (ts.isExpressionStatement(node) || ts.isThrowStatement(node)) {
      replace(node, ';');
    }
    ts.forEachChild(node, visit);
  }
  visit(tree);
  return mutants;
}

/** Returns the source with a call of `reach` at each mutant's place. Its behaviour does not change. */
export function withProbes(source: string, mutants: readonly (Mutant & { place: number })[], reach: string): string {
  const marks = mutants.flatMap(({ start, end, text, place }) => {
    const [open, close] = text === ';' ? [`{ __reach(${place}); `, ' }'] : [`(__reach(${place}), `, ')'];
    return [
      { at: start, other: end, text: open },
      { at: end, other: start, text: close },
    ];
  });
  // Inserts the marks from the last position to the first. At one position, an outer mutant opens first and closes
  // last, and closing marks come before opening marks.
  marks.sort(
    (one, two) => two.at - one.at || Number(two.other > two.at) - Number(one.other > one.at) || one.other - two.other,
  );
  const probed = marks.reduce((all, { at, text }) => all.slice(0, at) + text + all.slice(at), source);
  const shebang = /^#!.*\n/.exec(probed)?.[0] ?? '';
  return `${shebang}import { reach as __reach } from ${JSON.stringify(reach)}; ${probed.slice(shebang.length)}`;
}
