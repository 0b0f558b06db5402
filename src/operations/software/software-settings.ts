/** The keys `software.plugin.*` as they are on disk now (spec/operations §14). */
export interface SoftwareSettings {
  /** Plugin for modules of the type `default`. */
  readonly defaultType?: string;
  /** Most modules that are listed of one plugin; 0 for all. */
  readonly maxPackages: number;
  /** Regular expressions on names. */
  readonly include?: string;
  readonly exclude?: string;
}
