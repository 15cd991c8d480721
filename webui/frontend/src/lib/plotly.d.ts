declare module "plotly.js-cartesian-dist-min" {
  const plotly: object;
  export default plotly;
}
