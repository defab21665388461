/** One of the page's views. */
export interface View {
  element: HTMLElement;
  title: string;
  /** Asks the agent and shows what it says. */
  update(): Promise<void>;
  /** The address asks something else of the same view. */
  adjusted?(): void;
  /** It will not be shown any more. */
  end?(): void;
}
