// Writes the types of the service's OpenAPI document, in which binary bodies are Blobs.

import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [, , source = "../../openapi.json", target = "src/schema.ts"] = process.argv;
const blob = ts.factory.createTypeReferenceNode("Blob");
// Examples would become comments, longer than the types; rules between the fields of an object have no type.
const isRule = (schema) => !("type" in schema || "$ref" in schema);
const skipped = (key, value) => key === "example" || (["allOf", "oneOf"].includes(key) && value.every(isRule));
const document = JSON.parse(await readFile(source, "utf8"), (key, value) => (skipped(key, value) ? undefined : value));
const nodes = await openapiTS(document, {
  defaultNonNullable: false,
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
await writeFile(target, `// Made of openapi.json by \`npm run generate\`.\n\n${astToString(nodes)}`);
