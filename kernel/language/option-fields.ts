/** The list of an options object's fields as Shift-Tab shows it below what can be called: whichever compiler is asked. */

/** A field: its declaration, `rate?: number`, and its documentation. */
export interface OptionField {
  text: string;
  documentation: string;
}

/** Whether a parameter's type, by its name and its number of fields, is one of options that a person writes. `__type` has none. */
export function isOptions(typeName: string, fields: number): boolean {
  const isNamedSo = typeName === "__type" || /(?:Options|Settings|Setup|Config|Init|Params)$/.test(typeName);
  return isNamedSo && fields > 0 && fields <= 60; // more are no options of a person
}

/** The list, a line each. A parameter that is taken apart where it stands has no name but its place. */
export function fieldList(parameter: string, fields: readonly OptionField[]): string {
  const place = /^__(\d+)$/.exec(parameter)?.[1];
  const of = place === undefined ? `\`${parameter}\`` : `argument ${Number(place) + 1}`;
  const lines = fields.map(
    ({ text, documentation }) =>
      `- \`${text}\`${documentation === "" ? "" : ` ${documentation.replace(/\s*\n\s*/g, " ")}`}`,
  );
  return [`Fields of ${of}:`, "", ...lines].join("\n");
}
