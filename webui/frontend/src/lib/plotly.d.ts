declare module "plotly.js-strict-dist-min" {
  const plotly: object;
  export default plotly;
}
