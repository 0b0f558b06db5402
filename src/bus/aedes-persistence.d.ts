/** The package types this module under another path. */
declare module "aedes-persistence/asyncPersistence.js" {
  import MemoryPersistence from "aedes-persistence/types/asyncPersistence";
  export default MemoryPersistence;
}
