/** What a test lets user code do: called with every value that the pipelines of this folder see. */
export const hooks: { onValue: (value: unknown) => void } = { onValue: () => undefined };
