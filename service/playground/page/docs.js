// The routes, drawn by Swagger UI from the OpenAPI document.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#routes",
  deepLinking: true,
  displayOperationId: true,
  validatorUrl: null,
});
