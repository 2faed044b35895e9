import ts from 'typescript';

/** A change of one place in a file that a test should notice. */
export interface Mutant {
  /** From 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The other operator: one of its kind, at the edge or with the other meaning. */
const OPERATORS: Readonly<Record<string, string>> = {
  ...{ '===': '!==', '!==': '===', '<': '<=', '<=': '<', '>': '>=', '>=': '>' },
  ...{ '&&': '||', '||': '&&', '+': '-', '-': '+', '*': '/', '/': '*' },
};

const OPPOSITES: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.PrefixUnaryExpression,
]);

/** Every mutant of a file. Types, imports and texts stay as they are. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const put = (start: number, end: number, text: string): void => {
    mutants.push({ line: tree.getLineAndCharacterOfPosition(start).line + 1, start, end, text });
  };
  const replace = (node: ts.Node, text: string): void => put(node.getStart(), node.getEnd(), text);
  const negate = (condition: ts.Expression): void => {
    // Of the others, the operator or the `!` is changed already.
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
      // Parentheses, since `&&` and `||` bind differently, and neither goes with `??` beside it.
      if (other !== undefined) replace(node, `((${left.getText()}) ${other} (${right.getText()}))`);
      else if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) replace(node, `(${left.getText()})`);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      replace(node, node.operand.getText());
    } else if (ts.isNumericLiteral(node)) {
      // A key, as in `{ 200: 'OK' }`, is no expression.
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

/** The source with a call of `reach` at the place of every mutant. It does the same as without. */
export function withProbes(source: string, mutants: readonly (Mutant & { place: number })[], reach: string): string {
  const marks = mutants.flatMap(({ start, end, text, place }) => {
    const [open, close] = text === ';' ? [`{ __reach(${place}); `, ' }'] : [`(__reach(${place}), `, ')'];
    return [
      { at: start, other: end, text: open },
      { at: end, other: start, text: close },
    ];
  });
  // From the last to the first. Of two at one place, the outer one opens first and closes last, and what ends goes before what starts.
  marks.sort(
    (one, two) => two.at - one.at || Number(two.other > two.at) - Number(one.other > one.at) || one.other - two.other,
  );
  const probed = marks.reduce((all, { at, text }) => all.slice(0, at) + text + all.slice(at), source);
  const shebang = /^#!.*\n/.exec(probed)?.[0] ?? '';
  return `${shebang}import { reach as __reach } from ${JSON.stringify(reach)}; ${probed.slice(shebang.length)}`;
}
