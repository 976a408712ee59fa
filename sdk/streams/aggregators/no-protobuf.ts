// Stands in for protobufjs/minimal in the Worker's bundle (wrangler.toml): @datadog/sketches-js asks for it when a sketch is
// written as Protobuf, which none is, and installs without it; a bundler wants to see it all the same.
export {};
